#pragma once

#include <cstddef>
#include <vector>

#include "face/graph.hpp"

// The graph's operations as plain loops, written from their definitions in face/graph.hpp and sharing no code
// with the engine: slow, and easy to believe.

namespace findme::testing {

/// H x W x C floats of one picture.
struct Tensor {
    int height = 0;
    int width = 0;
    int channels = 0;
    std::vector<float> values;

    Tensor(int height_in, int width_in, int channels_in)
        : height(height_in),
          width(width_in),
          channels(channels_in),
          values(static_cast<std::size_t>(height_in) * static_cast<std::size_t>(width_in) *
                 static_cast<std::size_t>(channels_in)) {}

    [[nodiscard]] bool holds(int y, int x) const { return y >= 0 && x >= 0 && y < height && x < width; }
    [[nodiscard]] std::size_t index(int y, int x, int c) const {
        return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
                   static_cast<std::size_t>(channels) +
               static_cast<std::size_t>(c);
    }
    /// Zero outside.
    [[nodiscard]] float at(int y, int x, int c) const {
        return holds(y, x) && c < channels ? values[index(y, x, c)] : 0.0F;
    }
};

/// How many outputs a convolution or a pool of this node has along a side.
inline int steps_of(int size_px, const face::Graph::Node& node) {
    return (size_px + 2 * node.padding_px - node.dilation * (node.kernel_px - 1) - 1) / node.stride_px + 1;
}

/// Every node's output for one picture.
[[gnu::visibility("default")]] std::vector<Tensor> run_reference(const face::Graph& graph,
                                                                 const Tensor& input);

}  // namespace findme::testing
