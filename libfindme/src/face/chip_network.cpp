#include "face/chip_network.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "findme/error.hpp"

namespace findme::face {
namespace {

/// Faces that go through the network together, most first. Few sizes, so that few networks are compiled.
constexpr std::array<std::size_t, 3> kTogether{8, 3, 1};
constexpr std::size_t kChannels = 3;

/// The chip, and its mirror image behind it where that is wanted, as the network takes them.
/// @param to  pictures_of(input) x side x side x 3.
void normalise(const Image& chip, const ChipInput& input, float* to) {
    const auto side = static_cast<std::size_t>(input.shape.side_px);
    for (std::size_t y = 0; y < side; ++y) {
        const std::uint8_t* pixel = chip.row(static_cast<int>(y));
        float* straight = to + y * side * kChannels;
        for (std::size_t x = 0; x < side; ++x, pixel += kChannels, straight += kChannels) {
            for (std::size_t c = 0; c < kChannels; ++c) {
                const float value = (static_cast<float>(pixel[c]) - input.mean[c]) * input.scale;
                straight[c] = value;
            }
        }
    }
    if (!input.with_mirror) return;
    float* mirror = to + side * side * kChannels;
    for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x)
            std::copy_n(to + (y * side + x) * kChannels, kChannels,
                        mirror + (y * side + side - 1 - x) * kChannels);
    }
}

/// @return the network itself.
Graph with_one_output(Graph network) {
    if (network.outputs.size() != 1) {
        throw Error(ErrorCode::model_shape_mismatch, "the recognition network has " +
                                                         std::to_string(network.outputs.size()) +
                                                         " outputs instead of one");
    }
    return network;
}

}  // namespace

ChipNetwork::ChipNetwork(Graph network, ChipInput input, Precision precision)
    : input_(input), networks_(with_one_output(std::move(network)), kTogether.size(), precision) {
    // Compiled now, so that a network of another kind is refused where it is loaded.
    const int side_px = input_.shape.side_px;
    const auto single = networks_.get(pictures_of(input_), side_px, side_px);
    const Shape shape = single->output_shape(0);
    if (shape.height != 1 || shape.width != 1)
        throw Error(ErrorCode::model_shape_mismatch,
                    "the recognition network does not make one vector of a face");
    size_ = static_cast<std::size_t>(shape.channels);
}

std::vector<float> ChipNetwork::describe(std::span<const Image> chips, Workspace& workspace) const {
    const int side_px = input_.shape.side_px;
    for (const Image& chip : chips) {
        if (chip.width_px == side_px && chip.height_px == side_px) continue;
        throw Error(ErrorCode::model_shape_mismatch, "the recognition network takes chips of " +
                                                         std::to_string(side_px) + " x " +
                                                         std::to_string(side_px) + " px");
    }
    const auto pictures = static_cast<std::size_t>(pictures_of(input_));
    const auto side = static_cast<std::size_t>(side_px);
    std::vector<float> face(pictures * side * side * kChannels);
    std::vector<float> outputs;
    std::vector<float> vectors;
    vectors.reserve(chips.size() * size_);
    while (!chips.empty()) {
        const auto together =
            *std::find_if(kTogether.begin(), kTogether.end(), [&](auto n) { return n <= chips.size(); });
        const auto network = networks_.get(static_cast<int>(together * pictures), side_px, side_px);
        for (std::size_t i = 0; i < together; ++i) {
            normalise(chips[i], input_, face.data());
            network->write_input(i * face.size(), face, workspace);
        }
        outputs.resize(together * pictures * size_);
        const std::array<std::span<float>, 1> spans{outputs};
        network->run(spans, workspace);
        for (std::size_t i = 0; i < together; ++i) {
            const float* of_face = outputs.data() + i * pictures * size_;
            for (std::size_t k = 0; k < size_; ++k)
                vectors.push_back(input_.with_mirror ? (of_face[k] + of_face[size_ + k]) / 2 : of_face[k]);
        }
        chips = chips.subspan(together);
    }
    return vectors;
}

}  // namespace findme::face
