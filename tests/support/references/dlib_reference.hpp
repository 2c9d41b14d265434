#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "findme/face.hpp"
#include "findme/image.hpp"

namespace findme::testing {

/// Left is right.
inline Image mirrored(const Image& image) {
    Image out = image;
    for (int y = 0; y < image.height_px; ++y) {
        for (int x = 0; x < image.width_px; ++x) {
            std::copy_n(image.row(y) + x * 3, 3, out.row(y) + (image.width_px - 1 - x) * 3);
        }
    }
    return out;
}

/// dlib's own forward pass, which is the definition of the template: its whole network, as its own example
/// runs it.
class [[gnu::visibility("default")]] DlibReference {
  public:
    /// @param model  dlib_face_recognition_resnet_model_v1.dat, whole.
    explicit DlibReference(std::span<const std::uint8_t> model);
    ~DlibReference();
    DlibReference(DlibReference &&) = delete;
    DlibReference& operator=(DlibReference&&) = delete;

    /// The mean over the chip (150 x 150 x 3, RGB) and its mirror image.
    Template describe(const Image& chip);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

inline double cosine(const Template& a, const Template& b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += static_cast<double>(a[i]) * b[i];
        aa += static_cast<double>(a[i]) * a[i];
        bb += static_cast<double>(b[i]) * b[i];
    }
    return ab / std::sqrt(aa * bb);
}

}  // namespace findme::testing
