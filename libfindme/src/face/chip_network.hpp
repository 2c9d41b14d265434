#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "face/chip.hpp"
#include "face/network.hpp"
#include "findme/image.hpp"

namespace findme::face {

/// How a recognition network wants a face.
struct ChipInput {
    ChipShape shape;
    std::array<float, 3> mean{};  ///< Taken off red, green and blue, 0-255.
    float scale = 1;              ///< Then multiplied.
    /// The chip's mirror image goes through the network as well, and the mean of the two outputs counts.
    bool with_mirror = false;
};

/// One network that turns chips into vectors.
class ChipNetwork {
  public:
    /// @param    network  its one output is 1 x 1; with weights packed for pictures_of(input) chips at this
    /// precision, or plain ones.
    /// @errors   throws Error{model_shape_mismatch}.
    ChipNetwork(Graph network, ChipInput input, Precision precision);

    [[nodiscard]] const ChipInput& input() const { return input_; }
    /// Numbers of a vector.
    [[nodiscard]] std::size_t size() const { return size_; }

    /// Several faces at once: the network's weights come from memory once for all of them.
    /// @param    chips  of input().shape.
    /// @return   size() numbers for each chip, as the network gives them; what a chip gets depends on no
    /// other but through rounding.
    /// @errors   throws Error{model_shape_mismatch} for a chip of another size.
    /// @threads  const and safe to call concurrently, each thread with its own workspace.
    [[nodiscard]] std::vector<float> describe(std::span<const Image> chips, Workspace& workspace) const;

  private:
    ChipInput input_;
    NetworkCache networks_;
    std::size_t size_ = 0;
};

/// Pictures that go through the network for one face.
[[nodiscard]] inline int pictures_of(const ChipInput& input) {
    return input.with_mirror ? 2 : 1;
}

}  // namespace findme::face
