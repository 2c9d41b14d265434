#include "face/graph.hpp"

#include <algorithm>
#include <string>

#include "findme/error.hpp"

namespace findme::face {
namespace {

[[noreturn]] void mismatch(std::size_t node, const std::string& what) {
    throw Error(ErrorCode::model_shape_mismatch, "network node " + std::to_string(node) + " " + what);
}

std::size_t input_count(Graph::Op op) {
    switch (op) {
        case Graph::Op::input:
            return 0;
        case Graph::Op::add:
            return 2;
        default:
            return 1;
    }
}

}  // namespace

bool is_wanted_from(const Graph& graph, int node, int first) {
    for (auto i = static_cast<std::size_t>(first); i < graph.nodes.size(); ++i) {
        const auto& inputs = graph.nodes[i].inputs;
        if (std::find(inputs.begin(), inputs.end(), node) != inputs.end()) return true;
    }
    return std::find(graph.outputs.begin(), graph.outputs.end(), node) != graph.outputs.end();
}

bool has_reader(const Graph& graph, int node) {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Graph::Node& reader) {
        return std::find(reader.inputs.begin(), reader.inputs.end(), node) != reader.inputs.end();
    });
}

void validate(const Graph& graph) {
    if (graph.nodes.empty() || graph.nodes[0].op != Graph::Op::input) mismatch(0, "is not the input");
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const auto& node = graph.nodes[i];
        const bool count_fits =
            node.op == Graph::Op::concat ? !node.inputs.empty() : node.inputs.size() == input_count(node.op);
        if (!count_fits || (node.op == Graph::Op::input) != (i == 0))
            mismatch(i, "has the wrong number of inputs");
        if (node.channels <= 0 || node.kernel_px <= 0 || node.stride_px <= 0 || node.padding_px < 0 ||
            node.dilation <= 0 || node.groups <= 0) {
            mismatch(i, "has a size that is not positive");
        }
        int input_channels = 0;
        int most_channels = 0;
        for (const int input : node.inputs) {
            if (input < 0 || static_cast<std::size_t>(input) >= i) mismatch(i, "refers forward");
            const int channels = graph.nodes[static_cast<std::size_t>(input)].channels;
            input_channels += channels;
            most_channels = std::max(most_channels, channels);
        }
        switch (node.op) {
            case Graph::Op::convolution: {
                if (input_channels % node.groups != 0 || node.channels % node.groups != 0) {
                    mismatch(i, "has channels that its groups do not divide");
                }
                const std::size_t wanted = static_cast<std::size_t>(node.channels) *
                                           (input_channels / node.groups) * node.kernel_px * node.kernel_px;
                // How many bytes packed weights take is for compile() to say: their order may have gaps.
                const bool fits =
                    node.packed.bytes.empty() ? node.weights.size() == wanted : node.weights.empty();
                if (!fits || node.bias.size() != static_cast<std::size_t>(node.channels)) {
                    mismatch(i, "has weights of another shape than it says");
                }
                break;
            }
            case Graph::Op::prelu:
                if (node.slopes.size() != static_cast<std::size_t>(input_channels))
                    mismatch(i, "has slopes of another number than its channels");
                [[fallthrough]];
            case Graph::Op::concat:
            case Graph::Op::enlarge:
            case Graph::Op::max_pool:
            case Graph::Op::average_pool:
            case Graph::Op::global_average:
                if (node.channels != input_channels) mismatch(i, "changes the number of channels");
                break;
            case Graph::Op::add:
                if (node.channels != most_channels)
                    mismatch(i, "has another number of channels than it adds");
                break;
            case Graph::Op::input:
                break;
        }
    }
    for (const int output : graph.outputs) {
        if (output < 0 || static_cast<std::size_t>(output) >= graph.nodes.size())
            mismatch(0, "is not an output");
    }
    if (graph.outputs.empty()) mismatch(0, "leads to no output");
}

}  // namespace findme::face
