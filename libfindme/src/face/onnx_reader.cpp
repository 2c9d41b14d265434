#include "face/onnx_reader.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "base/checked.hpp"
#include "base/text.hpp"
#include "face/protobuf.hpp"
#include "findme/error.hpp"

// Field numbers are those of onnx.proto (Apache-2.0), IR version 3 and later.

namespace findme::face {
namespace {

using Field = ProtobufReader::Field;
using BytesView = std::span<const std::uint8_t>;

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorCode::model_corrupt, "the ONNX file " + what);
}

/// The signed 64-bit numbers of a repeated field, packed or not.
void append_integers(const Field& field, std::vector<std::int64_t>& values) {
    if (field.bytes.empty()) {
        values.push_back(static_cast<std::int64_t>(field.integer));
        return;
    }
    for (BytesView rest = field.bytes; !rest.empty();) {
        std::uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            if (rest.empty() || shift > 63) refuse("holds a malformed number");
            const std::uint8_t byte = rest[0];
            rest = rest.subspan(1);
            value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if (byte < 0x80U) break;
        }
        values.push_back(static_cast<std::int64_t>(value));
    }
}

struct Tensor {
    std::string name;
    std::vector<std::int64_t> dims;
    std::vector<float> values;  ///< Empty unless the tensor holds float32.
};

Tensor read_tensor(BytesView bytes) {
    constexpr std::uint64_t kFloat = 1;
    Tensor tensor;
    std::uint64_t type = 0;
    BytesView raw;
    ProtobufReader reader(bytes);
    while (const auto field = reader.next()) {
        switch (field->number) {
            case 1:
                append_integers(*field, tensor.dims);
                break;
            case 2:
                type = field->integer;
                break;
            case 4:
            case 9:
                raw = field->bytes;
                break;
            case 8:
                tensor.name = field->text();
                break;
            default:
                break;
        }
    }
    if (type != kFloat) return tensor;
    std::int64_t count = 1;
    for (const auto dim : tensor.dims) {
        const auto product = base::checked_mul(count, dim);
        if (dim < 0 || !product) refuse("holds a tensor of impossible size");
        count = *product;
    }
    const auto size_bytes = base::checked_mul(count, std::int64_t{sizeof(float)});
    if (!size_bytes || static_cast<std::size_t>(*size_bytes) != raw.size()) {
        refuse("holds a tensor whose data does not fit its shape");
    }
    tensor.values.resize(static_cast<std::size_t>(count));
    if (!raw.empty()) std::memcpy(tensor.values.data(), raw.data(), raw.size());
    return tensor;
}

struct Attribute {
    std::int64_t integer = 0;
    std::string text;
    std::vector<std::int64_t> integers;
    std::optional<Tensor> tensor;
};

struct OnnxNode {
    std::string op;
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::map<std::string, Attribute, std::less<>> attributes;

    /// The one value of an attribute that must be the same for both axes and all sides.
    [[nodiscard]] int uniform(const char* name, int fallback) const {
        const auto found = attributes.find(name);
        if (found == attributes.end() || found->second.integers.empty()) return fallback;
        const auto& values = found->second.integers;
        const bool same = std::all_of(values.begin(), values.end(), [&](auto v) { return v == values[0]; });
        if (!same || values[0] < 0 || values[0] > 1024)
            refuse("has an operation with uneven or absurd " + std::string(name));
        return static_cast<int>(values[0]);
    }

    [[nodiscard]] std::string text(const char* name, const char* fallback) const {
        const auto found = attributes.find(name);
        return found == attributes.end() || found->second.text.empty() ? fallback : found->second.text;
    }
};

OnnxNode read_node(BytesView bytes) {
    OnnxNode node;
    ProtobufReader reader(bytes);
    while (const auto field = reader.next()) {
        switch (field->number) {
            case 1:
                node.inputs.emplace_back(field->text());
                break;
            case 2:
                node.outputs.emplace_back(field->text());
                break;
            case 4:
                node.op = field->text();
                break;
            case 5: {
                std::string name;
                Attribute attribute;
                ProtobufReader inner(field->bytes);
                while (const auto part = inner.next()) {
                    switch (part->number) {
                        case 1:
                            name = part->text();
                            break;
                        case 3:
                            attribute.integer = static_cast<std::int64_t>(part->integer);
                            break;
                        case 4:
                            attribute.text = part->text();
                            break;
                        case 5:
                            attribute.tensor = read_tensor(part->bytes);
                            break;
                        case 8:
                            append_integers(*part, attribute.integers);
                            break;
                        default:
                            break;
                    }
                }
                node.attributes.insert_or_assign(std::move(name), std::move(attribute));
                break;
            }
            default:
                break;
        }
    }
    return node;
}

/// Translates ONNX nodes one by one. A tensor's name leads to the graph node that makes it.
class Importer {
  public:
    explicit Importer(BytesView graph) {
        ProtobufReader reader(graph);
        std::vector<OnnxNode> nodes;
        std::string input;
        while (const auto field = reader.next()) {
            if (field->number == 1) nodes.push_back(read_node(field->bytes));
            if (field->number == 5) {
                Tensor tensor = read_tensor(field->bytes);
                std::string name = tensor.name;
                constants_.insert_or_assign(std::move(name), std::move(tensor));
            }
            if (field->number == 11 && input.empty()) {
                ProtobufReader inner(field->bytes);
                while (const auto part = inner.next()) {
                    if (part->number == 1) input = part->text();
                }
            }
        }
        constexpr int kRgb = 3;
        Graph::Node first;
        first.channels = kRgb;
        graph_.nodes.push_back(first);
        made_by_[input] = 0;
        for (const auto& node : nodes) add(node);
        if (graph_.outputs.empty()) refuse("has no detection head findme knows");
    }

    Graph take() { return std::move(graph_); }

  private:
    void add(const OnnxNode& node) {
        if (node.outputs.empty()) return;
        if (node.op == "Constant") {
            const auto value = node.attributes.find("value");
            if (value != node.attributes.end() && value->second.tensor) {
                constants_.insert_or_assign(node.outputs[0], *value->second.tensor);
            }
            return;
        }
        // Whatever hangs on an output head belongs to the fixed-size tail.
        const bool reachable = std::any_of(node.inputs.begin(), node.inputs.end(),
                                           [&](const auto& name) { return made_by_.contains(name); });
        if (!reachable) return;
        if (node.op == "Conv") return add_convolution(node);
        if (node.op == "Relu") return add_relu(node);
        if (node.op == "Add") return add_addition(node);
        if (node.op == "Mul") return add_scaling(node);
        if (node.op == "Concat") return add_concat(node);
        if (node.op == "MaxPool") return add_max_pool(node);
        if (node.op == "Resize" || node.op == "Upsample") return add_enlargement(node);
        if (node.op == "Transpose") return graph_.outputs.push_back(source(node, 0));
        refuse("uses the operation " + base::quoted(node.op) + ", which findme does not know");
    }

    int source(const OnnxNode& node, std::size_t input) const {
        const auto found = input < node.inputs.size() ? made_by_.find(node.inputs[input]) : made_by_.end();
        if (found == made_by_.end()) refuse("reads a tensor that nothing makes");
        return found->second;
    }

    const Tensor* constant(const OnnxNode& node, std::size_t input) const {
        const auto found =
            input < node.inputs.size() ? constants_.find(node.inputs[input]) : constants_.end();
        return found == constants_.end() || found->second.values.empty() ? nullptr : &found->second;
    }

    Graph::Node& at(int node) { return graph_.nodes[static_cast<std::size_t>(node)]; }

    void push(const OnnxNode& from, Graph::Node node) {
        graph_.nodes.push_back(std::move(node));
        made_by_[from.outputs[0]] = static_cast<int>(graph_.nodes.size()) - 1;
    }

    void add_convolution(const OnnxNode& from) {
        const Tensor* weights = constant(from, 1);
        const Tensor* bias = constant(from, 2);
        if (weights == nullptr || weights->dims.size() != 4 || weights->dims[2] != weights->dims[3]) {
            refuse("has a convolution without square weights");
        }
        Graph::Node node;
        node.op = Graph::Op::convolution;
        node.inputs = {source(from, 0)};
        node.channels = static_cast<int>(std::min<std::int64_t>(weights->dims[0], 1 << 16));
        node.kernel_px = static_cast<int>(std::min<std::int64_t>(weights->dims[2], 1 << 10));
        node.stride_px = from.uniform("strides", 1);
        node.padding_px = from.uniform("pads", 0);
        node.dilation = from.uniform("dilations", 1);
        const auto group = from.attributes.find("group");
        if (group != from.attributes.end())
            node.groups = static_cast<int>(std::clamp<std::int64_t>(group->second.integer, 0, 1 << 16));
        node.weights = weights->values;
        node.bias = bias != nullptr ? bias->values
                                    : std::vector<float>(static_cast<std::size_t>(node.channels), 0.0F);
        push(from, std::move(node));
    }

    void add_relu(const OnnxNode& from) {
        const int before = source(from, 0);
        const auto op = at(before).op;
        if (op != Graph::Op::convolution && op != Graph::Op::add)
            refuse("has a Relu after neither Conv nor Add");
        at(before).relu = true;
        made_by_[from.outputs[0]] = before;
    }

    void add_addition(const OnnxNode& from) {
        Graph::Node node;
        node.op = Graph::Op::add;
        node.inputs = {source(from, 0), source(from, 1)};
        node.channels = at(node.inputs[0]).channels;
        push(from, std::move(node));
    }

    /// A factor folds into the convolution before it.
    void add_scaling(const OnnxNode& from) {
        const Tensor* factor = constant(from, 1);
        const int before = source(from, 0);
        Graph::Node& node = at(before);
        if (factor == nullptr || factor->values.size() != 1 || node.op != Graph::Op::convolution ||
            node.relu) {
            refuse("has a Mul that is not a convolution times a number");
        }
        for (float& weight : node.weights) weight *= factor->values[0];
        for (float& bias : node.bias) bias *= factor->values[0];
        made_by_[from.outputs[0]] = before;
    }

    void add_concat(const OnnxNode& from) {
        Graph::Node node;
        node.op = Graph::Op::concat;
        for (std::size_t i = 0; i < from.inputs.size(); ++i) {
            node.inputs.push_back(source(from, i));
            node.channels += at(node.inputs.back()).channels;
        }
        push(from, std::move(node));
    }

    void add_max_pool(const OnnxNode& from) {
        const auto ceil = from.attributes.find("ceil_mode");
        const bool rounds_up = ceil != from.attributes.end() && ceil->second.integer != 0;
        if (rounds_up || from.uniform("dilations", 1) != 1)
            refuse("has a MaxPool that rounds sizes up or leaves gaps");
        Graph::Node node;
        node.op = Graph::Op::max_pool;
        node.inputs = {source(from, 0)};
        node.channels = at(node.inputs[0]).channels;
        node.kernel_px = from.uniform("kernel_shape", 1);
        node.stride_px = from.uniform("strides", 1);
        node.padding_px = from.uniform("pads", 0);
        push(from, std::move(node));
    }

    /// By two, each element to four: of the many ways to say so, those that exporters use.
    void add_enlargement(const OnnxNode& from) {
        const Tensor* scales = constant(from, 2);
        if (scales == nullptr) scales = constant(from, 1);
        const std::string centre = from.text("coordinate_transformation_mode", "half_pixel");
        const std::string rounding = from.text("nearest_mode", "round_prefer_floor");
        const bool doubles = from.op == "Upsample" || (centre == "asymmetric" && rounding == "floor") ||
                             (centre == "half_pixel" && rounding == "round_prefer_floor");
        if (!doubles || from.text("mode", "nearest") != "nearest" || scales == nullptr ||
            scales->values != std::vector<float>{1, 1, 2, 2}) {
            refuse("has a " + from.op + " that does more than repeat every element twice");
        }
        Graph::Node node;
        node.op = Graph::Op::enlarge;
        node.inputs = {source(from, 0)};
        node.channels = at(node.inputs[0]).channels;
        push(from, std::move(node));
    }

    Graph graph_;
    std::map<std::string, Tensor, std::less<>> constants_;
    std::map<std::string, int, std::less<>> made_by_;
};

}  // namespace

Graph read_onnx(std::span<const std::uint8_t> bytes) {
    constexpr std::uint32_t kGraphField = 7;
    ProtobufReader reader(bytes);
    while (const auto field = reader.next()) {
        if (field->number != kGraphField) continue;
        Graph graph = Importer(field->bytes).take();
        validate(graph);
        return graph;
    }
    refuse("holds no network");
}

}  // namespace findme::face
