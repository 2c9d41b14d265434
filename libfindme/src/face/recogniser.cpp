#include "face/recogniser.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "face/dlib_resnet.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

/// dlib's input layer: colour means taken off, divided by 256.
/// @source dlib::input_rgb_image_sized (Boost licence), the values the network was trained with.
constexpr std::array<float, 3> kMean{122.782F, 117.001F, 104.298F};
constexpr float kScale = 1.0F / 256.0F;

/// Faces that go through the network together, most first. Few sizes, so that few networks are compiled.
constexpr std::array<std::size_t, 3> kTogether{8, 3, 1};

/// The chip and its mirror image as the network wants them.
/// @param to  kChipAndMirror x kChipSide_px x kChipSide_px x 3 floats.
void normalise(const Image& chip, float* to) {
    const auto side = static_cast<std::size_t>(kChipSide_px);
    float* mirror = to + side * side * 3;
    for (std::size_t y = 0; y < side; ++y) {
        const std::uint8_t* pixel = chip.row(static_cast<int>(y));
        float* straight = to + y * side * 3;
        float* mirrored = mirror + (y + 1) * side * 3;
        for (std::size_t x = 0; x < side; ++x, pixel += 3, straight += 3) {
            mirrored -= 3;
            for (std::size_t c = 0; c < 3; ++c) {
                straight[c] = mirrored[c] = (static_cast<float>(pixel[c]) - kMean[c]) * kScale;
            }
        }
    }
}

void require_chip(const Image& chip) {
    if (chip.width_px == kChipSide_px && chip.height_px == kChipSide_px) return;
    throw Error(ErrorCode::model_shape_mismatch, "the recognition network takes chips of 150 x 150 px");
}

}  // namespace

Recogniser::Recogniser(Graph network, Precision precision)
    : networks_(std::move(network), kTogether.size(), precision) {
    // Compiled now, so that a network of another kind is refused where it is loaded.
    const auto single = networks_.get(kChipAndMirror, kChipSide_px, kChipSide_px);
    if (single->output_shape(0).size() != kTemplateSize * kChipAndMirror)
        throw Error(ErrorCode::model_shape_mismatch, "the recognition network does not make templates");
}

Template Recogniser::describe(const Image& chip, Workspace& workspace) const {
    return describe(std::span(&chip, 1), workspace).front();
}

std::vector<Template> Recogniser::describe(std::span<const Image> chips, Workspace& workspace) const {
    std::for_each(chips.begin(), chips.end(), require_chip);
    std::vector<Template> templates;
    templates.reserve(chips.size());
    std::vector<float> face(static_cast<std::size_t>(kChipAndMirror) * kChipSide_px * kChipSide_px * 3);
    std::vector<float> described;
    while (!chips.empty()) {
        const auto together =
            *std::find_if(kTogether.begin(), kTogether.end(), [&](auto n) { return n <= chips.size(); });
        const auto network =
            networks_.get(static_cast<int>(together) * kChipAndMirror, kChipSide_px, kChipSide_px);
        for (std::size_t i = 0; i < together; ++i) {
            normalise(chips[i], face.data());
            network->write_input(i * face.size(), face, workspace);
        }
        described.resize(together * kChipAndMirror * kTemplateSize);
        const std::array<std::span<float>, 1> outputs{described};
        network->run(outputs, workspace);
        for (std::size_t i = 0; i < together; ++i) {
            const float* both = described.data() + i * kChipAndMirror * kTemplateSize;
            Template& mean = templates.emplace_back();
            for (std::size_t k = 0; k < kTemplateSize; ++k) mean[k] = (both[k] + both[kTemplateSize + k]) / 2;
        }
        chips = chips.subspan(together);
    }
    return templates;
}

}  // namespace findme::face
