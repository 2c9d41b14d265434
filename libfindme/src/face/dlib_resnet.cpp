#include "face/dlib_resnet.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "face/dlib_resnet_type.hpp"
#include "face/memory_stream.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

/// A pooling layer as it lies in the file: dlib's own would ask for dlib's library.
struct StoredPool {
    // Never called; dlib tells by their presence what kind of layer this is.
    template <typename Below>
    void setup(const Below&) {}
    template <typename Below>
    void forward(const Below&, dlib::resizable_tensor&) {}
    template <typename Below>
    void backward(const dlib::tensor&, Below&, dlib::tensor&) {}

    friend void deserialize(StoredPool&, std::istream& stream) {
        std::string version;
        dlib::deserialize(version, stream);
        if (version != "max_pool_2" && version != "avg_pool_2")
            throw dlib::serialization_error("a pooling layer has version " + version);
        // Rows and columns, strides and paddings down and across.
        std::array<long, 4> sizes{};
        for (long& size : sizes) dlib::deserialize(size, stream);
        std::array<int, 2> paddings{};
        for (int& padding : paddings) dlib::deserialize(padding, stream);
    }
};

struct StoredPools {
    template <int, int, typename Below>
    using Max = dlib::add_layer<StoredPool, Below>;
    template <int, int, typename Below>
    using Average = dlib::add_layer<StoredPool, Below>;
};

std::vector<float> copy(const dlib::tensor& tensor) {
    return {tensor.begin(), tensor.end()};
}

/// The learned numbers of all layers that have any, from the output down to the input.
struct Collector {
    struct Convolution {
        int filters = 0;
        int kernel_px = 0;
        int stride_px = 0;
        int padding_px = 0;
        std::vector<float> parameters;  ///< weights, then biases.
        std::vector<float> affine;      ///< gamma, then beta; of the layer above.
    };
    std::vector<Convolution> convolutions;
    std::vector<float> pending_affine;
    std::vector<float> final_matrix;

    template <typename Layer>
    void operator()(std::size_t, const Layer&) {}

    void operator()(std::size_t, const dlib::affine_& layer) {
        auto gamma = layer.get_gamma();
        auto beta = layer.get_beta();
        pending_affine = copy(gamma);
        const auto shift = copy(beta);
        pending_affine.insert(pending_affine.end(), shift.begin(), shift.end());
    }

    template <unsigned long Outputs, dlib::fc_bias_mode Bias>
    void operator()(std::size_t, const dlib::fc_<Outputs, Bias>& layer) {
        final_matrix = copy(layer.get_layer_params());
    }

    template <long Filters, long Rows, long Columns, int StrideY, int StrideX, int PaddingY, int PaddingX>
    void operator()(std::size_t,
                    const dlib::con_<Filters, Rows, Columns, StrideY, StrideX, PaddingY, PaddingX>& layer) {
        static_assert(Rows == Columns && StrideY == StrideX && PaddingY == PaddingX);
        convolutions.push_back({Filters, Rows, StrideY, PaddingY, copy(layer.get_layer_params()),
                                std::exchange(pending_affine, {})});
    }
};

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::model_corrupt, "the recognition model cannot be read: " + why);
}

class Builder {
  public:
    explicit Builder(std::vector<Collector::Convolution> convolutions)
        : convolutions_(std::move(convolutions)) {
        Graph::Node input;
        input.channels = 3;
        graph_.nodes.push_back(input);
    }

    int convolution(int from, bool relu) {
        if (next_ >= convolutions_.size()) refuse("it has too few convolutions");
        // Taken, so that the weights of the whole network are never there twice.
        const Collector::Convolution source = std::move(convolutions_[next_++]);
        const auto filters = static_cast<std::size_t>(source.filters);
        const std::size_t inputs = static_cast<std::size_t>(at(from).channels);
        const std::size_t per_filter = inputs * source.kernel_px * source.kernel_px;
        if (source.parameters.size() != filters * per_filter + filters ||
            source.affine.size() != 2 * filters) {
            refuse("a convolution has another shape");
        }
        Graph::Node node;
        node.op = Graph::Op::convolution;
        node.inputs = {from};
        node.channels = source.filters;
        node.kernel_px = source.kernel_px;
        node.stride_px = source.stride_px;
        node.padding_px = source.padding_px;
        node.relu = relu;
        node.weights.reserve(filters * per_filter);
        for (std::size_t f = 0; f < filters; ++f) {
            const float gamma = source.affine[f];
            const float beta = source.affine[filters + f];
            for (std::size_t i = 0; i < per_filter; ++i) {
                node.weights.push_back(gamma * source.parameters[f * per_filter + i]);
            }
            node.bias.push_back(gamma * source.parameters[filters * per_filter + f] + beta);
        }
        return push(std::move(node));
    }

    int pool(int from, Graph::Op op, int kernel_px, int stride_px) {
        Graph::Node node;
        node.op = op;
        node.inputs = {from};
        node.channels = at(from).channels;
        node.kernel_px = kernel_px;
        node.stride_px = stride_px;
        return push(std::move(node));
    }

    int add(int a, int b) {
        Graph::Node node;
        node.op = Graph::Op::add;
        node.inputs = {a, b};
        node.channels = std::max(at(a).channels, at(b).channels);
        node.relu = true;
        return push(std::move(node));
    }

    int block(int from) {
        const int middle = convolution(from, true);
        return add(convolution(middle, false), from);
    }

    int halving(int from) {
        const int shortcut = pool(from, Graph::Op::average_pool, 2, 2);
        const int middle = convolution(from, true);
        return add(convolution(middle, false), shortcut);
    }

    int matrix(int from, const std::vector<float>& inputs_by_outputs) {
        Graph::Node node;
        node.op = Graph::Op::convolution;
        node.inputs = {from};
        node.channels = 128;
        const auto inputs = static_cast<std::size_t>(at(from).channels);
        const auto outputs = static_cast<std::size_t>(node.channels);
        if (inputs_by_outputs.size() != inputs * outputs) refuse("its last matrix has another shape");
        node.weights.reserve(inputs * outputs);
        for (std::size_t o = 0; o < outputs; ++o) {
            for (std::size_t i = 0; i < inputs; ++i)
                node.weights.push_back(inputs_by_outputs[i * outputs + o]);
        }
        node.bias.assign(outputs, 0.0F);
        return push(std::move(node));
    }

    Graph finish(int output) {
        if (next_ != convolutions_.size()) refuse("it has too many convolutions");
        graph_.outputs = {output};
        return std::move(graph_);
    }

  private:
    Graph::Node& at(int node) { return graph_.nodes[static_cast<std::size_t>(node)]; }
    int push(Graph::Node node) {
        graph_.nodes.push_back(std::move(node));
        return static_cast<int>(graph_.nodes.size()) - 1;
    }

    Graph graph_;
    std::vector<Collector::Convolution> convolutions_;
    std::size_t next_ = 0;
};

/// The layers that compute something, from the network's input to its output.
Collector collect(std::span<const std::uint8_t> bytes) {
    dlib_resnet::Spelling<StoredPools>::Net net;
    try {
        MemoryStream stream(bytes);
        dlib::deserialize(net, stream);
    } catch (const std::exception& error) {
        refuse(error.what());
    }
    Collector collector;
    // dlib copies its visitor.
    dlib::visit_computational_layers(net, [&](std::size_t index, auto& layer) { collector(index, layer); });
    std::reverse(collector.convolutions.begin(), collector.convolutions.end());
    return collector;
}

}  // namespace

Graph read_dlib_resnet(std::span<const std::uint8_t> bytes) {
    Collector collector = collect(bytes);
    Builder builder(std::move(collector.convolutions));
    int top = builder.pool(builder.convolution(0, true), Graph::Op::max_pool, 3, 2);
    // Blocks that keep the size after each stage's halving one; the first stage has no halving.
    constexpr int kKeeping[] = {3, 3, 2, 2, 0};
    for (int stage = 0; stage < 5; ++stage) {
        if (stage > 0) top = builder.halving(top);
        for (int i = 0; i < kKeeping[stage]; ++i) top = builder.block(top);
    }
    top = builder.pool(top, Graph::Op::global_average, 1, 1);
    Graph graph = builder.finish(builder.matrix(top, collector.final_matrix));
    validate(graph);
    return graph;
}

}  // namespace findme::face
