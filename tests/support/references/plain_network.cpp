#include "support/references/plain_network.hpp"

#include <algorithm>
#include <limits>

namespace findme::testing {

namespace {

Tensor convolve(const Tensor& in, const face::Graph::Node& node) {
    Tensor out(steps_of(in.height, node), steps_of(in.width, node), node.channels);
    const int inputs = in.channels / node.groups;
    const int filters = node.channels / node.groups;
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            for (int o = 0; o < out.channels; ++o) {
                double sum = node.bias[static_cast<std::size_t>(o)];
                for (int i = 0; i < inputs; ++i) {
                    for (int ky = 0; ky < node.kernel_px; ++ky) {
                        for (int kx = 0; kx < node.kernel_px; ++kx) {
                            const int weight = ((o * inputs + i) * node.kernel_px + ky) * node.kernel_px + kx;
                            sum += static_cast<double>(node.weights[static_cast<std::size_t>(weight)]) *
                                   in.at(y * node.stride_px - node.padding_px + ky * node.dilation,
                                         x * node.stride_px - node.padding_px + kx * node.dilation,
                                         o / filters * inputs + i);
                        }
                    }
                }
                out.values[out.index(y, x, o)] = static_cast<float>(node.relu ? std::max(sum, 0.0) : sum);
            }
        }
    }
    return out;
}

Tensor pool(const Tensor& in, const face::Graph::Node& node) {
    const bool global = node.op == face::Graph::Op::global_average;
    const int height = global ? 1 : steps_of(in.height, node);
    const int width = global ? 1 : steps_of(in.width, node);
    Tensor out(height, width, in.channels);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            for (int c = 0; c < in.channels; ++c) {
                double sum = 0;
                double most = std::numeric_limits<double>::lowest();
                int count = 0;
                for (int ky = 0; ky < (global ? in.height : node.kernel_px); ++ky) {
                    for (int kx = 0; kx < (global ? in.width : node.kernel_px); ++kx) {
                        const int from_y = y * node.stride_px - node.padding_px + ky;
                        const int from_x = x * node.stride_px - node.padding_px + kx;
                        if (!in.holds(from_y, from_x)) continue;
                        sum += in.at(from_y, from_x, c);
                        most = std::max(most, static_cast<double>(in.at(from_y, from_x, c)));
                        ++count;
                    }
                }
                out.values[out.index(y, x, c)] =
                    static_cast<float>(node.op == face::Graph::Op::max_pool ? most : sum / count);
            }
        }
    }
    return out;
}

Tensor add(const Tensor& a, const Tensor& b, const face::Graph::Node& node) {
    Tensor out(std::max(a.height, b.height), std::max(a.width, b.width), std::max(a.channels, b.channels));
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            for (int c = 0; c < out.channels; ++c) {
                const float sum = a.at(y, x, c) + b.at(y, x, c);
                out.values[out.index(y, x, c)] = node.relu ? std::max(sum, 0.0F) : sum;
            }
        }
    }
    return out;
}

Tensor concatenate(const std::vector<const Tensor*>& parts, const face::Graph::Node& node) {
    Tensor out(parts[0]->height, parts[0]->width, node.channels);
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            int c = 0;
            for (const Tensor* part : parts) {
                for (int i = 0; i < part->channels; ++i) out.values[out.index(y, x, c++)] = part->at(y, x, i);
            }
        }
    }
    return out;
}

Tensor enlarge(const Tensor& in) {
    Tensor out(2 * in.height, 2 * in.width, in.channels);
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            for (int c = 0; c < out.channels; ++c) out.values[out.index(y, x, c)] = in.at(y / 2, x / 2, c);
        }
    }
    return out;
}

Tensor slope(const Tensor& in, const face::Graph::Node& node) {
    Tensor out = in;
    for (std::size_t i = 0; i < out.values.size(); ++i) {
        if (out.values[i] < 0) out.values[i] *= node.slopes[i % static_cast<std::size_t>(in.channels)];
    }
    return out;
}

}  // namespace

std::vector<Tensor> run_reference(const face::Graph& graph, const Tensor& input) {
    std::vector<Tensor> outputs{input};
    for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
        const auto& node = graph.nodes[i];
        const auto in = [&](std::size_t k) -> const Tensor& {
            return outputs[static_cast<std::size_t>(node.inputs[k])];
        };
        switch (node.op) {
            case face::Graph::Op::convolution:
                outputs.push_back(convolve(in(0), node));
                break;
            case face::Graph::Op::add:
                outputs.push_back(add(in(0), in(1), node));
                break;
            case face::Graph::Op::concat: {
                std::vector<const Tensor*> parts;
                for (std::size_t k = 0; k < node.inputs.size(); ++k) parts.push_back(&in(k));
                outputs.push_back(concatenate(parts, node));
                break;
            }
            case face::Graph::Op::enlarge:
                outputs.push_back(enlarge(in(0)));
                break;
            case face::Graph::Op::prelu:
                outputs.push_back(slope(in(0), node));
                break;
            default:
                outputs.push_back(pool(in(0), node));
                break;
        }
    }
    return outputs;
}

}  // namespace findme::testing
