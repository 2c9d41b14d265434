#include "face/shape.hpp"

#include <algorithm>

namespace findme::face {
namespace {

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
        case Graph::Op::input:
            break;
    }
    return shape;
}

}  // namespace findme::face
