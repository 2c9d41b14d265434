#include "face/dlib_resnet.hpp"

#include "face/dlib_headers.hpp"
// Above the others, which it changes.
#include <dlib/cuda/tensor.h>
#include <dlib/serialize.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "face/memory_stream.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

struct Convolution {
    long filters = 0;
    long kernel_px = 0;
    int stride_px = 0;
    int padding_px = 0;
    std::vector<float> parameters;  ///< weights, then biases.
    std::vector<float> affine;      ///< gamma, then beta; of the layer above.
};

/// The learned numbers of all layers that have any, from the network's input to its output.
struct Learned {
    std::vector<Convolution> convolutions;
    std::vector<float> final_matrix;  ///< inputs by outputs.
};

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::model_corrupt, "the recognition model cannot be read: " + why);
}

/// Blocks that keep the size after each stage's halving one; the first stage has no halving.
constexpr std::array kKeeping = {3, 3, 2, 2, 0};
constexpr int kTemplateLength = 128;

/// Reads the file that dlib writes of a network. Each layer is a wrapper around the one below it: a version,
/// the layers below, and then what the layer itself is. So all versions come first, output first, and all
/// layers after them, input first; each of those says its kind, and how often it was written since.
/// @source dlib 19.24, dnn/core.h and dnn/layers.h: what `serialize` does for add_layer, add_tag_layer,
/// con_...
class Reader {
  public:
    explicit Reader(std::span<const std::uint8_t> bytes) : stream_(bytes) {}

    Learned read() {
        expect_version(1, 1);
        expect("loss_metric_2");
        skip<float>(2);  // Margin and threshold of its training.
        layer();         // The matrix.
        layer();         // The mean over everything.
        for (std::size_t stage = kKeeping.size(); stage-- > 0;) {
            for (int i = 0; i < kKeeping[stage]; ++i) block();
            if (stage > 0) halving();
        }
        for (int i = 0; i < 3; ++i) layer();  // Max pool, ReLU, affine.
        const int version = expect_version(2, 3);
        expect("input_rgb_image_sized");
        skip<float>(3);
        skip<std::size_t>(2);
        details();
        state();
        skip_tensor();
        if (version == 3) skip<unsigned long>(1);
        for (; !above_.empty(); above_.pop_back()) {
            details();
            state();
            if (above_.back() == 2) skip_tensor();
        }
        return std::move(learned_);
    }

  private:
    /// Two convolutions with their affines, and what they are added to.
    void block() {
        layer();  // ReLU.
        layer();  // The sum.
        convolutions();
    }

    void halving() {
        layer();
        layer();
        layer();  // The average of the shortcut; around it, one that fetches a layer's output and one that
                  // names it.
        expect_version(1, 1);
        expect_version(1, 1);
        convolutions();
    }

    void convolutions() {
        for (int i = 0; i < 5; ++i) layer();
        expect_version(1, 1);  // The name of the block's input.
    }

    void layer() { above_.push_back(expect_version(1, 2)); }

    template <typename Value>
    Value next() {
        Value value{};
        dlib::deserialize(value, stream_);
        return value;
    }

    template <typename Value>
    void skip(int count) {
        for (int i = 0; i < count; ++i) next<Value>();
    }

    std::vector<float> next_tensor() {
        const auto tensor = next<dlib::resizable_tensor>();
        return {tensor.begin(), tensor.end()};
    }
    void skip_tensor() { next<dlib::resizable_tensor>(); }

    int expect_version(int lowest, int highest) {
        const int version = next<int>();
        if (version < lowest || version > highest) refuse("a layer has version " + std::to_string(version));
        return version;
    }

    void expect(const std::string& kind) {
        if (const auto found = next<std::string>(); found != kind) refuse("\"" + found + "\" is not " + kind);
    }

    /// What every layer has beside its details.
    void state() {
        skip<bool>(3);
        skip_tensor();
        skip_tensor();
    }

    void details() {
        const auto kind = next<std::string>();
        if (kind == "con_4") {
            read_convolution();
        } else if (kind == "affine_") {
            if (learned_.convolutions.empty()) refuse("an affine has no convolution below it");
            learned_.convolutions.back().affine = next_tensor();
            skip<dlib::alias_tensor>(2);
            skip<int>(1);
        } else if (kind == "fc_2") {
            skip<unsigned long>(2);
            learned_.final_matrix = next_tensor();
            skip<dlib::alias_tensor>(2);
            skip<int>(1);
            skip<double>(4);
        } else if (kind == "max_pool_2" || kind == "avg_pool_2") {
            skip<long>(2);
            skip<int>(4);
        } else if (kind != "relu_" && kind != "add_prev_") {
            refuse("a layer is of the kind \"" + kind + "\"");
        }
    }

    void read_convolution() {
        Convolution read;
        read.parameters = next_tensor();
        read.filters = next<long>();
        read.kernel_px = next<long>();
        const long columns = next<long>();
        read.stride_px = next<int>();
        const int stride_across = next<int>();
        read.padding_px = next<int>();
        const int padding_across = next<int>();
        if (read.kernel_px != columns || read.stride_px != stride_across || read.padding_px != padding_across)
            refuse("a convolution is not square");
        skip<dlib::alias_tensor>(2);
        skip<double>(4);
        learned_.convolutions.push_back(std::move(read));
    }

    MemoryStream stream_;
    std::vector<int> above_;  ///< Versions of the layers whose details are still to come, output first.
    Learned learned_;
};

class Builder {
  public:
    explicit Builder(std::vector<Convolution> convolutions) : convolutions_(std::move(convolutions)) {
        Graph::Node input;
        input.channels = 3;
        graph_.nodes.push_back(input);
    }

    int convolution(int from, bool relu, int kernel_px, int stride_px) {
        if (next_ >= convolutions_.size()) refuse("it has too few convolutions");
        // Taken, so that the weights of the whole network are never there twice.
        const Convolution source = std::move(convolutions_[next_++]);
        constexpr int kMostFilters = 4096;
        if (source.kernel_px != kernel_px || source.stride_px != stride_px || source.filters < 1 ||
            source.filters > kMostFilters)
            refuse("a convolution has another kernel");
        const auto filters = static_cast<std::size_t>(source.filters);
        const auto inputs = static_cast<std::size_t>(at(from).channels);
        const std::size_t per_filter = inputs * static_cast<std::size_t>(kernel_px * kernel_px);
        if (source.parameters.size() != filters * per_filter + filters ||
            source.affine.size() != 2 * filters) {
            refuse("a convolution has another shape");
        }
        Graph::Node node;
        node.op = Graph::Op::convolution;
        node.inputs = {from};
        node.channels = static_cast<int>(source.filters);
        node.kernel_px = kernel_px;
        node.stride_px = stride_px;
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
        const int middle = convolution(from, true, 3, 1);
        return add(convolution(middle, false, 3, 1), from);
    }

    int halving(int from) {
        const int shortcut = pool(from, Graph::Op::average_pool, 2, 2);
        const int middle = convolution(from, true, 3, 2);
        return add(convolution(middle, false, 3, 1), shortcut);
    }

    int matrix(int from, const std::vector<float>& inputs_by_outputs) {
        Graph::Node node;
        node.op = Graph::Op::convolution;
        node.inputs = {from};
        node.channels = kTemplateLength;
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
    std::vector<Convolution> convolutions_;
    std::size_t next_ = 0;
};

Learned read(std::span<const std::uint8_t> bytes) {
    try {
        return Reader(bytes).read();
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        refuse(error.what());
    }
}

}  // namespace

Graph read_dlib_resnet(std::span<const std::uint8_t> bytes) {
    Learned learned = read(bytes);
    Builder builder(std::move(learned.convolutions));
    int top = builder.pool(builder.convolution(0, true, 7, 2), Graph::Op::max_pool, 3, 2);
    for (std::size_t stage = 0; stage < kKeeping.size(); ++stage) {
        if (stage > 0) top = builder.halving(top);
        for (int i = 0; i < kKeeping[stage]; ++i) top = builder.block(top);
    }
    top = builder.pool(top, Graph::Op::global_average, 1, 1);
    Graph graph = builder.finish(builder.matrix(top, learned.final_matrix));
    validate(graph);
    return graph;
}

}  // namespace findme::face
