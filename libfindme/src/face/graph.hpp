#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace findme::face {

/// A convolutional network as plain data: what model files are read into and what Network compiles.
///
/// A node's output is one tensor of B x H x W x C float32. Node 0 is the input; every node refers to earlier
/// ones only. Spatial sizes are not fixed here: the same graph compiles for any input size its operations can
/// take.
struct Graph {
    enum class Op {
        input,
        convolution,     ///< Cross-correlation with weights, bias and an optional ReLU.
        max_pool,        ///< Window of kernel x kernel, windows beyond the edge are left out (floor).
        average_pool,    ///< Likewise.
        global_average,  ///< Over all of H x W; leaves 1 x 1 x C.
        add,      ///< a + b; where they differ in size the missing elements count as zero (dlib's add_prev).
                  ///< Optional ReLU.
        concat,   ///< Along the channels.
        enlarge,  ///< Twice as high and wide: every element four times.
        prelu,    ///< x where it is positive, else x times its channel's slope.
    };

    /// A convolution's weights in the order that one machine's processor wants them; see pack().
    struct PackedWeights {
        std::uint64_t layout = 0;  ///< Names the order; another one is never taken for it.
        std::span<const std::byte> bytes;
    };

    struct Node {
        Op op = Op::input;
        std::vector<int> inputs;  ///< Indices of earlier nodes.
        int channels = 0;         ///< Of the output.
        int kernel_px = 1;        ///< Square windows only.
        int stride_px = 1;
        int padding_px = 0;
        int dilation = 1;
        int groups = 1;
        bool relu = false;
        std::vector<float> weights;  ///< channels x (input channels / groups) x kernel x kernel, or empty and
        PackedWeights packed;        ///< these instead.
        std::vector<float> bias;     ///< channels.
        std::vector<float> slopes;   ///< Of a prelu: channels.
    };

    std::vector<Node> nodes;
    std::vector<int> outputs;
    std::shared_ptr<const void> storage;  ///< Keeps alive what packed weights point to.
};

/// @errors throws Error{model_shape_mismatch} unless every node refers backwards, its channels fit its inputs
/// and its
///         weights have the size its shape says.
void validate(const Graph& graph);

/// Whether a node from `first` on reads what this one makes, or it is an output.
[[nodiscard]] bool is_wanted_from(const Graph& graph, int node, int first);
/// Whether any node reads what this one makes.
[[nodiscard]] bool has_reader(const Graph& graph, int node);

}  // namespace findme::face
