#include "face/shape.hpp"

#include <algorithm>

namespace findme::face {
namespace {

constexpr int kMaxEnlargedSide = 1 << 15;

int pooled(int size, const Graph::Node& node) {
    const int window = node.dilation * (node.kernel_px - 1) + 1;
    const int room = size + 2 * node.padding_px - window;
    return room < 0 ? 0 : room / node.stride_px + 1;
}

}  // namespace

Shape output_shape(const Graph::Node& node, const std::vector<Shape>& shapes) {
    const auto input = [&](std::size_t i) { return shapes[static_cast<std::size_t>(node.inputs[i])]; };
    Shape shape = input(0);
    shape.channels = node.channels;
    switch (node.op) {
        case Graph::Op::convolution:
        case Graph::Op::max_pool:
        case Graph::Op::average_pool:
            shape.height = pooled(shape.height, node);
            shape.width = pooled(shape.width, node);
            break;
        case Graph::Op::global_average:
            shape.height = shape.width = 1;
            break;
        case Graph::Op::add:
            shape.height = std::max(shape.height, input(1).height);
            shape.width = std::max(shape.width, input(1).width);
            shape.channels = std::max(input(0).channels, input(1).channels);
            break;
        case Graph::Op::concat:
            for (std::size_t i = 1; i < node.inputs.size(); ++i) {
                if (input(i).height != shape.height || input(i).width != shape.width) shape.height = 0;
            }
            break;
        case Graph::Op::enlarge: {
            // A file may ask for it so often that no int holds the size.
            const bool fits = std::max(shape.height, shape.width) <= kMaxEnlargedSide / 2;
            shape.height = fits ? shape.height * 2 : 0;
            shape.width *= fits ? 2 : 1;
            break;
        }
        case Graph::Op::prelu:
        case Graph::Op::input:
            break;
    }
    return shape;
}

std::vector<Shape> shapes_of_outputs(const Graph& graph, int side_px) {
    std::vector<Shape> shapes{{1, side_px, side_px, graph.nodes[0].channels}};
    for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
        shapes.push_back(output_shape(graph.nodes[i], shapes));
        if (shapes.back().height <= 0 || shapes.back().width <= 0) return {};
    }
    std::vector<Shape> outputs;
    for (const int output : graph.outputs) outputs.push_back(shapes[static_cast<std::size_t>(output)]);
    return outputs;
}

}  // namespace findme::face
