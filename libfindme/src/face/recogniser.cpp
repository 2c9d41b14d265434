#include "face/recogniser.hpp"

#include <array>
#include <vector>

#include "face/dlib_resnet.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

/// dlib's input layer: colour means taken off, divided by 256.
/// @source dlib::input_rgb_image_sized (Boost licence), the values the network was trained with.
constexpr std::array<float, 3> kMean{122.782F, 117.001F, 104.298F};
constexpr float kScale = 1.0F / 256.0F;

std::vector<float> normalise(const Image& chip) {
    const auto side = static_cast<std::size_t>(kChipSide_px);
    const std::size_t count = side * side * 3;
    std::vector<float> input(count * kChipAndMirror);
    for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x) {
            const std::uint8_t* pixel = chip.row(static_cast<int>(y)) + x * 3;
            float* straight = input.data() + (y * side + x) * 3;
            float* mirrored = input.data() + count + (y * side + (side - 1 - x)) * 3;
            for (std::size_t c = 0; c < 3; ++c) {
                straight[c] = mirrored[c] = (static_cast<float>(pixel[c]) - kMean[c]) * kScale;
            }
        }
    }
    return input;
}

}  // namespace

Recogniser::Recogniser(const Graph& network)
    : network_(compile(network, kChipAndMirror, kChipSide_px, kChipSide_px)) {}

Recogniser::~Recogniser() = default;

Template Recogniser::describe(const Image& chip, Workspace& workspace) const {
    if (chip.width_px != kChipSide_px || chip.height_px != kChipSide_px) {
        throw Error(ErrorCode::model_shape_mismatch, "the recognition network takes chips of 150 x 150 px");
    }
    std::array<float, kTemplateSize * kChipAndMirror> both{};
    const std::array<std::span<float>, 1> outputs{both};
    network_->run(normalise(chip), outputs, workspace);
    Template mean{};
    for (std::size_t i = 0; i < kTemplateSize; ++i) mean[i] = (both[i] + both[kTemplateSize + i]) / 2;
    return mean;
}

}  // namespace findme::face
