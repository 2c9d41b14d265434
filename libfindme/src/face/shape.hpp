#pragma once

#include <cstddef>
#include <vector>

#include "face/graph.hpp"

namespace findme::face {

/// A tensor's sizes; elements are float32, laid out B, H, W, C with C running fastest.
struct Shape {
    int batch = 1;
    int height = 0;
    int width = 0;
    int channels = 0;
    [[nodiscard]] std::size_t size() const {
        return static_cast<std::size_t>(batch) * static_cast<std::size_t>(height) *
               static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
    }
};

/// @param    shapes  of all nodes before this one.
/// @returns  the shape of the node's output; a height or width of 0 where the node does not fit its inputs.
[[nodiscard]] Shape output_shape(const Graph::Node& node, const std::vector<Shape>& shapes);

/// The shapes of a graph's outputs for one picture of `side_px` x `side_px`.
/// @returns  nothing when a node does not fit its inputs.
[[nodiscard]] std::vector<Shape> shapes_of_outputs(const Graph& graph, int side_px);

}  // namespace findme::face
