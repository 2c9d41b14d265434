#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "face/dlib_resnet.hpp"
#include "face/memory_stream.hpp"
#include "findme/error.hpp"
#include "findme/face.hpp"
#include "findme/image.hpp"
#include "support/dlib_resnet_type.hpp"

// dlib's own forward pass, which is the definition of the template. Slow to compile: include it in as few
// files as possible.

namespace findme::testing {

inline Image mirrored(const Image& image) {
    Image out = image;
    for (int y = 0; y < image.height_px; ++y) {
        for (int x = 0; x < image.width_px; ++x) {
            std::copy_n(image.row(y) + x * 3, 3, out.row(y) + (image.width_px - 1 - x) * 3);
        }
    }
    return out;
}

/// dlib's whole network, as its own example runs it.
class DlibReference {
  public:
    explicit DlibReference(const std::vector<std::uint8_t>& model) {
        face::MemoryStream stream(model);
        dlib::deserialize(net_, stream);
    }

    Template describe(const Image& chip) {
        const auto straight = forward(chip);
        const auto turned = forward(mirrored(chip));
        Template mean;
        for (std::size_t i = 0; i < kTemplateSize; ++i) mean[i] = (straight[i] + turned[i]) / 2;
        return mean;
    }

  private:
    Template forward(const Image& chip) {
        dlib::matrix<dlib::rgb_pixel> pixels(face::kChipSide_px, face::kChipSide_px);
        for (int y = 0; y < face::kChipSide_px; ++y) {
            for (int x = 0; x < face::kChipSide_px; ++x) {
                const std::uint8_t* rgb = chip.row(y) + x * 3;
                pixels(y, x) = dlib::rgb_pixel(rgb[0], rgb[1], rgb[2]);
            }
        }
        const dlib::matrix<float, 0, 1> described = net_(pixels);
        if (described.size() != static_cast<long>(kTemplateSize))
            throw Error(ErrorCode::internal, "dlib's network does not make templates");
        Template out;
        std::copy(described.begin(), described.end(), out.begin());
        return out;
    }

    dlib_resnet::Net net_;
};

inline double cosine(const Template& a, const Template& b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < kTemplateSize; ++i) {
        ab += static_cast<double>(a[i]) * b[i];
        aa += static_cast<double>(a[i]) * a[i];
        bb += static_cast<double>(b[i]) * b[i];
    }
    return ab / std::sqrt(aa * bb);
}

}  // namespace findme::testing
