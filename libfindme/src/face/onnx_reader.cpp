#include "face/onnx_reader.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "face/onnx_file.hpp"

namespace findme::face {
namespace {

/// What a tensor of the file has become.
struct Made {
    int node = 0;
    bool is_flat = false;  ///< B x (C H W).
};

/// A number for each channel: y = scale * x + shift.
struct Affine {
    std::vector<float> scale;
    std::vector<float> shift;
};

/// Translates ONNX nodes one by one. A tensor's name leads to the graph node that makes it.
class Importer {
  public:
    Importer(OnnxFile file, OnnxEnd end) : file_(std::move(file)), end_(end) {
        constexpr int kRgb = 3;
        Graph::Node first;
        first.channels = kRgb;
        graph_.nodes.push_back(first);
        // Older files list their weights among the inputs.
        const auto input = std::find_if(file_.inputs.begin(), file_.inputs.end(),
                                        [&](const auto& name) { return !file_.constants.contains(name); });
        made_[input == file_.inputs.end() ? std::string() : *input] = {};
        for (const OnnxNode& node : file_.nodes) {
            for (const std::string& name : node.inputs) ++readers_[name];
        }
        for (const std::string& name : file_.outputs) ++readers_[name];
        for (const OnnxNode& node : file_.nodes) add(node);
        if (end_ == OnnxEnd::outputs) {
            for (const std::string& name : file_.outputs) {
                const auto found = made_.find(name);
                if (found == made_.end()) refuse_onnx("has an output that does not come from its input");
                graph_.outputs.push_back(found->second.node);
            }
            if (graph_.outputs.empty()) refuse_onnx("has no output");
        } else if (graph_.outputs.empty()) {
            refuse_onnx("has no detection head findme knows");
        }
    }

    Graph take() { return std::move(graph_); }

  private:
    using Add = void (Importer::*)(const OnnxNode&);

    void add(const OnnxNode& node) {
        static const std::map<std::string_view, Add> kOperations{
            {"Add", &Importer::add_addition},
            {"AveragePool", &Importer::add_pool},
            {"BatchNormalization", &Importer::add_batch_normalisation},
            {"Concat", &Importer::add_concat},
            {"Conv", &Importer::add_convolution},
            {"Div", &Importer::add_scaling},
            {"Dropout", &Importer::pass_over},
            {"Flatten", &Importer::add_flattening},
            {"Gemm", &Importer::add_matrix},
            {"GlobalAveragePool", &Importer::add_pool},
            {"Identity", &Importer::pass_over},
            {"LeakyRelu", &Importer::add_slopes},
            {"LpNormalization", &Importer::add_length},
            {"MatMul", &Importer::add_matrix},
            {"MaxPool", &Importer::add_pool},
            {"Mul", &Importer::add_scaling},
            {"PRelu", &Importer::add_slopes},
            {"Relu", &Importer::add_relu},
            {"Reshape", &Importer::add_flattening},
            {"Resize", &Importer::add_enlargement},
            {"Squeeze", &Importer::add_flattening},
            {"Sub", &Importer::add_subtraction},
            {"Upsample", &Importer::add_enlargement},
        };
        if (node.outputs.empty()) return;
        if (node.op == "Constant") {
            const auto value = node.attributes.find("value");
            if (value != node.attributes.end() && value->second.tensor)
                file_.constants.insert_or_assign(node.outputs[0], *value->second.tensor);
            return;
        }
        // Whatever hangs on an output head belongs to the fixed-size tail; what reads constants alone is not
        // needed either.
        if (node.op == "Identity" && constant(node, 0) != nullptr) {
            const OnnxTensor same = *constant(node, 0);
            file_.constants.insert_or_assign(node.outputs[0], same);
            return;
        }
        const bool reachable = std::any_of(node.inputs.begin(), node.inputs.end(),
                                           [&](const auto& name) { return made_.contains(name); });
        if (!reachable) return;
        if (const auto pad = node.text("auto_pad", "NOTSET"); pad != "NOTSET" && pad != "VALID")
            refuse_onnx("has a " + node.op + " that pads by the rule " + base::quoted(pad));
        if (node.op == "Transpose" && end_ == OnnxEnd::detection_heads)
            return graph_.outputs.push_back(source(node, 0).node);
        const auto operation = kOperations.find(node.op);
        if (operation == kOperations.end())
            refuse_onnx("uses the operation " + base::quoted(node.op) + ", which findme does not know");
        (this->*operation->second)(node);
    }

    [[nodiscard]] Made source(const OnnxNode& node, std::size_t input) const {
        const auto found = input < node.inputs.size() ? made_.find(node.inputs[input]) : made_.end();
        if (found == made_.end()) refuse_onnx("reads a tensor that nothing makes");
        return found->second;
    }

    [[nodiscard]] const OnnxTensor* constant(const OnnxNode& node, std::size_t input) const {
        const auto found =
            input < node.inputs.size() ? file_.constants.find(node.inputs[input]) : file_.constants.end();
        return found == file_.constants.end() || found->second.values.empty() ? nullptr : &found->second;
    }

    /// One that is not flat.
    [[nodiscard]] Made picture(const OnnxNode& node, std::size_t input) const {
        const Made made = source(node, input);
        if (made.is_flat) refuse_onnx("has a " + node.op + " of something flat");
        return made;
    }

    /// No network has more, and a file of a few bytes could ask for any number.
    static int channels_of(std::int64_t count) {
        constexpr std::int64_t kMost = 1 << 16;
        if (count < 1 || count > kMost) refuse_onnx("has a tensor of " + std::to_string(count) + " channels");
        return static_cast<int>(count);
    }

    Graph::Node& at(int node) { return graph_.nodes[static_cast<std::size_t>(node)]; }

    void push(const OnnxNode& from, Graph::Node node, bool is_flat = false) {
        graph_.nodes.push_back(std::move(node));
        const int made = static_cast<int>(graph_.nodes.size()) - 1;
        made_[from.outputs[0]] = {made, is_flat};
        readers_of_node_[made] = readers_[from.outputs[0]];
    }

    /// A node of one input that keeps its channels.
    Graph::Node like(Made input, Graph::Op op) {
        Graph::Node node;
        node.op = op;
        node.inputs = {input.node};
        node.channels = at(input.node).channels;
        return node;
    }

    /// One node of the file alone reads what this one gives, under all its names: then that reader's work may
    /// be done by what made it.
    [[nodiscard]] bool has_one_reader(Made made) const {
        const auto readers = readers_of_node_.find(made.node);
        return readers != readers_of_node_.end() && readers->second == 1;
    }

    /// One number for each channel.
    [[nodiscard]] std::vector<float> spread(const OnnxNode& node, const OnnxTensor& tensor, Made over) {
        const auto channels = static_cast<std::size_t>(at(over.node).channels);
        if (tensor.values.size() == 1) return std::vector<float>(channels, tensor.values[0]);
        // Dimensions count from the last: of a picture the channels are the third, and what has fewer lies
        // along its width. A PRelu's slopes may be a plain list.
        const bool is_list = over.is_flat || (node.op == "PRelu" && tensor.dims.size() == 1);
        const std::size_t place = is_list ? 1 : 3;
        const bool along_channels = tensor.dims.size() >= place && tensor.dims[tensor.dims.size() - place] ==
                                                                       static_cast<std::int64_t>(channels);
        if (!along_channels || tensor.values.size() != channels)
            refuse_onnx("has a " + node.op + " by neither a number nor one for each channel");
        return tensor.values;
    }

    void pass_over(const OnnxNode& from) { name_again(from, source(from, 0)); }

    /// Another name for the same: whoever reads it reads what it names.
    void name_again(const OnnxNode& from, Made made) {
        made_[from.outputs[0]] = made;
        readers_of_node_[made.node] += readers_[from.outputs[0]] - 1;
    }

    void add_flattening(const OnnxNode& from) {
        if (end_ == OnnxEnd::detection_heads)
            refuse_onnx("uses the operation " + base::quoted(from.op) + " before its detection heads");
        name_again(from, {source(from, 0).node, true});
    }

    /// Templates are brought to unit length anyway.
    void add_length(const OnnxNode& from) {
        const bool is_last =
            std::find(file_.outputs.begin(), file_.outputs.end(), from.outputs[0]) != file_.outputs.end();
        if (!is_last || from.integer("p", 2) != 2) refuse_onnx("has an LpNormalization that is not its end");
        pass_over(from);
    }

    void add_convolution(const OnnxNode& from) {
        const OnnxTensor* weights = constant(from, 1);
        const OnnxTensor* bias = constant(from, 2);
        if (weights == nullptr || weights->dims.size() != 4 || weights->dims[2] != weights->dims[3]) {
            refuse_onnx("has a convolution without square weights");
        }
        Graph::Node node;
        node.op = Graph::Op::convolution;
        node.inputs = {picture(from, 0).node};
        node.channels = channels_of(weights->dims[0]);
        if (from.inputs.size() > 2 && !from.inputs[2].empty() && bias == nullptr)
            refuse_onnx("has a convolution whose bias is not constant");
        if (bias != nullptr && bias->values.size() != static_cast<std::size_t>(node.channels))
            refuse_onnx("has a convolution with a bias of another size");
        node.kernel_px = static_cast<int>(std::min<std::int64_t>(weights->dims[2], 1 << 10));
        node.stride_px = from.uniform("strides", 1);
        node.padding_px = from.uniform("pads", 0);
        node.dilation = from.uniform("dilations", 1);
        node.groups = static_cast<int>(std::clamp<std::int64_t>(from.integer("group", 1), 0, 1 << 16));
        node.weights = weights->values;
        node.bias = bias != nullptr ? bias->values
                                    : std::vector<float>(static_cast<std::size_t>(node.channels), 0.0F);
        push(from, std::move(node));
    }

    /// Outputs are sums over everything that comes in: a convolution whose window is all of it.
    void add_matrix(const OnnxNode& from) {
        const Made input = source(from, 0);
        const OnnxTensor* matrix = constant(from, 1);
        const OnnxTensor* bias = constant(from, 2);
        if (!input.is_flat || matrix == nullptr || matrix->dims.size() != 2 || from.integer("transA", 0) != 0)
            refuse_onnx("has a " + from.op + " that is not a flat input times constants");
        const bool is_turned = from.integer("transB", 0) != 0;
        const auto outputs = static_cast<std::size_t>(matrix->dims[is_turned ? 0 : 1]);
        const auto inputs = static_cast<std::size_t>(matrix->dims[is_turned ? 1 : 0]);
        const auto channels = static_cast<std::size_t>(at(input.node).channels);
        const auto side = static_cast<std::size_t>(
            std::lround(std::sqrt(static_cast<double>(inputs) / static_cast<double>(channels))));
        if (outputs == 0 || outputs > (1 << 16) || side == 0 || side > (1 << 10) ||
            channels * side * side != inputs)
            refuse_onnx("has a " + from.op + " over something that is not square");
        Graph::Node node;
        node.op = Graph::Op::convolution;
        node.inputs = {input.node};
        node.channels = static_cast<int>(outputs);
        node.kernel_px = static_cast<int>(side);
        node.stride_px = static_cast<int>(side);
        const float alpha = from.number("alpha", 1.0F);
        node.weights.resize(matrix->values.size());
        for (std::size_t o = 0; o < outputs; ++o) {
            for (std::size_t i = 0; i < inputs; ++i)
                node.weights[o * inputs + i] =
                    alpha * matrix->values[is_turned ? o * inputs + i : i * outputs + o];
        }
        node.bias.assign(outputs, 0.0F);
        if (from.inputs.size() > 2 && !from.inputs[2].empty() && bias == nullptr)
            refuse_onnx("has a " + from.op + " whose bias is not constant");
        if (bias != nullptr) {
            if (bias->values.size() != outputs && bias->values.size() != 1)
                refuse_onnx("has a " + from.op + " with a bias of another size");
            const float beta = from.number("beta", 1.0F);
            for (std::size_t o = 0; o < outputs; ++o)
                node.bias[o] = beta * bias->values[bias->values.size() == 1 ? 0 : o];
        }
        push(from, std::move(node), true);
    }

    void add_relu(const OnnxNode& from) {
        const Made input = source(from, 0);
        Graph::Node& before = at(input.node);
        const bool ends_in_one = before.op == Graph::Op::convolution || before.op == Graph::Op::add;
        if (ends_in_one && has_one_reader(input)) {
            before.relu = true;
            return name_again(from, input);
        }
        Graph::Node node = like(input, Graph::Op::prelu);
        node.slopes.assign(static_cast<std::size_t>(node.channels), 0.0F);
        push(from, std::move(node), input.is_flat);
    }

    void add_slopes(const OnnxNode& from) {
        const Made input = source(from, 0);
        Graph::Node node = like(input, Graph::Op::prelu);
        if (from.op == "LeakyRelu") {
            constexpr float kUsual = 0.01F;
            node.slopes.assign(static_cast<std::size_t>(node.channels), from.number("alpha", kUsual));
        } else {
            const OnnxTensor* slopes = constant(from, 1);
            if (slopes == nullptr) refuse_onnx("has a PRelu without constant slopes");
            node.slopes = spread(from, *slopes, input);
        }
        push(from, std::move(node), input.is_flat);
    }

    /// Folds into the convolution before it, where that is read by nobody else; else it is one of its own.
    void add_affine(const OnnxNode& from, Made input, const Affine& affine) {
        Graph::Node& before = at(input.node);
        const auto channels = static_cast<std::size_t>(before.channels);
        if (before.op == Graph::Op::convolution && !before.relu && has_one_reader(input)) {
            const std::size_t each = before.weights.size() / channels;
            for (std::size_t c = 0; c < channels; ++c) {
                for (std::size_t i = 0; i < each; ++i) before.weights[c * each + i] *= affine.scale[c];
                before.bias[c] = before.bias[c] * affine.scale[c] + affine.shift[c];
            }
            return name_again(from, input);
        }
        Graph::Node node = like(input, Graph::Op::convolution);
        node.groups = node.channels;
        node.weights = affine.scale;
        node.bias = affine.shift;
        push(from, std::move(node), input.is_flat);
    }

    void add_batch_normalisation(const OnnxNode& from) {
        constexpr float kUsual = 1e-5F;
        const Made input = source(from, 0);
        const auto channels = static_cast<std::size_t>(at(input.node).channels);
        const float epsilon = from.number("epsilon", kUsual);
        Affine affine;
        const auto of_channel = [&](std::size_t index) -> const std::vector<float>& {
            const OnnxTensor* values = constant(from, index);
            if (values == nullptr || values->values.size() != channels)
                refuse_onnx("has a BatchNormalization of another number of channels");
            return values->values;
        };
        const auto& scale = of_channel(1);
        const auto& shift = of_channel(2);
        const auto& mean = of_channel(3);
        const auto& variance = of_channel(4);
        for (std::size_t c = 0; c < channels; ++c) {
            const double factor = scale[c] / std::sqrt(static_cast<double>(variance[c]) + epsilon);
            affine.scale.push_back(static_cast<float>(factor));
            affine.shift.push_back(static_cast<float>(shift[c] - mean[c] * factor));
        }
        add_affine(from, input, affine);
    }

    /// The input that is constant, of the two.
    [[nodiscard]] std::size_t constant_side(const OnnxNode& from) const {
        return constant(from, 0) != nullptr ? 0 : 1;
    }

    void add_addition(const OnnxNode& from) {
        const std::size_t side = constant_side(from);
        if (const OnnxTensor* shift = constant(from, side)) {
            const Made input = source(from, 1 - side);
            const auto shifts = spread(from, *shift, input);
            return add_affine(from, input, {std::vector<float>(shifts.size(), 1.0F), shifts});
        }
        Graph::Node node;
        node.op = Graph::Op::add;
        const Made left = source(from, 0);
        const Made right = source(from, 1);
        if (at(left.node).channels != at(right.node).channels || left.is_flat != right.is_flat)
            refuse_onnx("has an Add of tensors of different shape");
        node.inputs = {left.node, right.node};
        node.channels = at(left.node).channels;
        push(from, std::move(node), left.is_flat);
    }

    void add_subtraction(const OnnxNode& from) {
        const OnnxTensor* shift = constant(from, 1);
        if (shift == nullptr) refuse_onnx("has a Sub that does not take constants off");
        const Made input = source(from, 0);
        auto shifts = spread(from, *shift, input);
        for (float& value : shifts) value = -value;
        const std::vector<float> ones(shifts.size(), 1.0F);
        add_affine(from, input, {ones, std::move(shifts)});
    }

    /// Mul and Div.
    void add_scaling(const OnnxNode& from) {
        const std::size_t side = from.op == "Div" ? 1 : constant_side(from);
        const OnnxTensor* factor = constant(from, side);
        if (factor == nullptr) refuse_onnx("has a " + from.op + " that is not by constants");
        const Made input = source(from, 1 - side);
        auto factors = spread(from, *factor, input);
        if (from.op == "Div") {
            for (float& value : factors) value = 1.0F / value;
        }
        const std::vector<float> zeros(factors.size(), 0.0F);
        add_affine(from, input, {std::move(factors), zeros});
    }

    void add_concat(const OnnxNode& from) {
        Graph::Node node;
        node.op = Graph::Op::concat;
        std::int64_t channels = 0;
        for (std::size_t i = 0; i < from.inputs.size(); ++i) {
            node.inputs.push_back(picture(from, i).node);
            channels += at(node.inputs.back()).channels;
        }
        node.channels = channels_of(channels);
        push(from, std::move(node));
    }

    void add_pool(const OnnxNode& from) {
        if (from.op == "GlobalAveragePool")
            return push(from, like(picture(from, 0), Graph::Op::global_average));
        const bool takes_the_most = from.op == "MaxPool";
        if (from.integer("ceil_mode", 0) != 0 || from.uniform("dilations", 1) != 1)
            refuse_onnx("has a " + from.op + " that rounds sizes up or leaves gaps");
        Graph::Node node =
            like(picture(from, 0), takes_the_most ? Graph::Op::max_pool : Graph::Op::average_pool);
        node.kernel_px = from.uniform("kernel_shape", 1);
        node.stride_px = from.uniform("strides", 1);
        node.padding_px = from.uniform("pads", 0);
        if (!takes_the_most && node.padding_px != 0 && from.integer("count_include_pad", 0) != 0)
            refuse_onnx("has an AveragePool that counts what is beyond the edge");
        push(from, std::move(node));
    }

    /// By two, each element to four: of the many ways to say so, those that exporters use.
    void add_enlargement(const OnnxNode& from) {
        const OnnxTensor* scales = constant(from, 2);
        if (scales == nullptr) scales = constant(from, 1);
        const std::string centre = from.text("coordinate_transformation_mode", "half_pixel");
        const std::string rounding = from.text("nearest_mode", "round_prefer_floor");
        const bool doubles = from.op == "Upsample" || (centre == "asymmetric" && rounding == "floor") ||
                             (centre == "half_pixel" && rounding == "round_prefer_floor");
        if (!doubles || from.text("mode", "nearest") != "nearest" || scales == nullptr ||
            scales->values != std::vector<float>{1, 1, 2, 2}) {
            refuse_onnx("has a " + from.op + " that does more than repeat every element twice");
        }
        push(from, like(picture(from, 0), Graph::Op::enlarge));
    }

    OnnxFile file_;
    OnnxEnd end_;
    Graph graph_;
    std::map<std::string, Made, std::less<>> made_;
    std::map<std::string, int, std::less<>> readers_;  ///< Of each name; an output counts as one.
    std::map<int, int> readers_of_node_;               ///< Of what a node makes, under all its names.
};

}  // namespace

Graph read_onnx(std::span<const std::uint8_t> bytes, OnnxEnd end) {
    Graph graph = Importer(parse_onnx(bytes), end).take();
    validate(graph);
    return graph;
}

}  // namespace findme::face
