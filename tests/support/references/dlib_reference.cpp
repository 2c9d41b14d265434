#include "support/references/dlib_reference.hpp"

#include "face/dlib_resnet.hpp"
#include "face/memory_stream.hpp"
#include "support/references/dlib_resnet_type.hpp"

namespace findme::testing {

struct DlibReference::State {
    dlib_resnet::Net net;

    Template forward(const Image& chip) {
        dlib::matrix<dlib::rgb_pixel> pixels(face::kChipSide_px, face::kChipSide_px);
        for (int y = 0; y < face::kChipSide_px; ++y) {
            for (int x = 0; x < face::kChipSide_px; ++x) {
                const std::uint8_t* rgb = chip.row(y) + x * 3;
                pixels(y, x) = dlib::rgb_pixel(rgb[0], rgb[1], rgb[2]);
            }
        }
        const dlib::matrix<float, 0, 1> described = net(pixels);
        return {described.begin(), described.end()};
    }
};

DlibReference::DlibReference(std::span<const std::uint8_t> model) : state_(std::make_unique<State>()) {
    face::MemoryStream stream(model);
    dlib::deserialize(state_->net, stream);
}

DlibReference::~DlibReference() = default;

Template DlibReference::describe(const Image& chip) {
    const auto straight = state_->forward(chip);
    const auto turned = state_->forward(mirrored(chip));
    Template mean(straight.size());
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = (straight[i] + turned[i]) / 2;
    return mean;
}

}  // namespace findme::testing
