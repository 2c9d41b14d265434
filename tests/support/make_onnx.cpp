#include "support/make_onnx.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace findme::testing {

void ProtobufMessage::varint(std::uint64_t value) {
    while (value >= 0x80U) {
        out_ += static_cast<char>((value & 0x7FU) | 0x80U);
        value >>= 7U;
    }
    out_ += static_cast<char>(value);
}

ProtobufMessage& ProtobufMessage::integer(unsigned field, std::uint64_t value) {
    varint(std::uint64_t{field} << 3U);
    varint(value);
    return *this;
}

ProtobufMessage& ProtobufMessage::number(unsigned field, float value) {
    varint(field << 3U | 5U);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) out_.push_back(static_cast<char>(bits >> shift & 0xFFU));
    return *this;
}

ProtobufMessage& ProtobufMessage::bytes(unsigned field, std::string_view value) {
    varint((std::uint64_t{field} << 3U) | 2U);
    varint(value.size());
    out_ += value;
    return *this;
}

ProtobufMessage& ProtobufMessage::message(unsigned field, const ProtobufMessage& value) {
    return bytes(field, value.text());
}

ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& dims,
                            const std::vector<float>& values) {
    ProtobufMessage tensor;
    for (const auto dim : dims) tensor.integer(1, static_cast<std::uint64_t>(dim));
    std::string raw(values.size() * sizeof(float), '\0');
    if (!raw.empty()) std::memcpy(raw.data(), values.data(), raw.size());
    return tensor.integer(2, 1).bytes(8, name).bytes(9, raw);
}

ProtobufMessage onnx_node(const std::string& op, const std::vector<std::string>& inputs,
                          const std::string& output) {
    ProtobufMessage node;
    for (const auto& input : inputs) node.bytes(1, input);
    return node.bytes(2, output).bytes(4, op);
}

void add_onnx_integers(ProtobufMessage& node, const std::string& name,
                       const std::vector<std::int64_t>& values) {
    ProtobufMessage attribute;
    attribute.bytes(1, name);
    for (const auto value : values) attribute.integer(8, static_cast<std::uint64_t>(value));
    node.message(5, attribute);
}

void add_onnx_integer(ProtobufMessage& node, const std::string& name, std::int64_t value) {
    node.message(5, ProtobufMessage().bytes(1, name).integer(3, static_cast<std::uint64_t>(value)));
}

void add_onnx_number(ProtobufMessage& node, const std::string& name, float number) {
    node.message(5, ProtobufMessage().bytes(1, name).number(2, number));
}

void add_onnx_text(ProtobufMessage& node, const std::string& name, const std::string& text) {
    node.message(5, ProtobufMessage().bytes(1, name).bytes(4, text));
}

std::vector<std::uint8_t> onnx_model(const std::vector<ProtobufMessage>& nodes,
                                     const std::vector<ProtobufMessage>& tensors,
                                     const std::vector<std::string>& outputs) {
    ProtobufMessage graph;
    for (const auto& node : nodes) graph.message(1, node);
    for (const auto& tensor : tensors) graph.message(5, tensor);
    graph.message(11, ProtobufMessage().bytes(1, "input"));
    for (const auto& output : outputs) graph.message(12, ProtobufMessage().bytes(1, output));
    return ProtobufMessage().integer(1, 7).message(7, graph).take();
}

std::vector<std::uint8_t> make_onnx_head() {
    auto convolution = onnx_node("Conv", {"input", "weights", "bias"}, "conv");
    add_onnx_integers(convolution, "pads", {1, 1, 1, 1});
    const std::vector<ProtobufMessage> nodes{convolution, onnx_node("Relu", {"conv"}, "relu"),
                                             onnx_node("Transpose", {"relu"}, "head")};
    const std::vector<float> weights(std::size_t{4} * 3 * 3 * 3, 0.25F);
    return onnx_model(
        nodes, {onnx_tensor("weights", {4, 3, 3, 3}, weights), onnx_tensor("bias", {4}, {0, 1, 2, 3})});
}

std::vector<std::uint8_t> make_onnx_recogniser() {
    auto strided = onnx_node("Conv", {"normal", "w", "one"}, "conv");
    add_onnx_integers(strided, "strides", {2, 2});
    add_onnx_integers(strided, "pads", {1, 1, 1, 1});
    auto pool = onnx_node("AveragePool", {"sum"}, "pool");
    add_onnx_integers(pool, "kernel_shape", {2, 2});
    add_onnx_integers(pool, "strides", {2, 2});
    auto gemm = onnx_node("Gemm", {"flat", "matrix", "bias"}, "product");
    add_onnx_integer(gemm, "transB", 1);
    add_onnx_number(gemm, "alpha", 0.5F);
    const std::vector<ProtobufMessage> nodes{
        onnx_node("Sub", {"input", "grey"}, "centred"),
        onnx_node("Mul", {"centred", "scale"}, "normal"),
        strided,
        onnx_node("BatchNormalization", {"conv", "two", "one", "one", "two"}, "norm"),
        onnx_node("Identity", {"norm"}, "same"),
        onnx_node("PRelu", {"same", "slopes"}, "bent"),
        onnx_node("Add", {"bent", "norm"}, "sum"),
        pool,
        onnx_node("Flatten", {"pool"}, "flat"),
        gemm,
        onnx_node("Dropout", {"product"}, "kept"),
        onnx_node("LpNormalization", {"kept"}, "end")};
    const auto filled = [](const std::string& name, const std::vector<std::int64_t>& dims, std::size_t count,
                           float value) { return onnx_tensor(name, dims, std::vector<float>(count, value)); };
    return onnx_model(
        nodes,
        {filled("grey", {}, 1, 127.5F), filled("scale", {1}, 1, 0.008F), filled("w", {4, 3, 3, 3}, 108, 0.1F),
         filled("one", {4}, 4, 1), filled("two", {4}, 4, 2), filled("slopes", {4, 1, 1}, 4, 0.25F),
         filled("matrix", {5, 16}, 80, 0.2F), filled("bias", {5}, 5, 0.5F)},
        {"end"});
}

std::vector<std::uint8_t> make_onnx_yunet(int points, bool is_coarse) {
    constexpr float kSure = 10.0F;
    constexpr int kFinest = 8;
    constexpr int kCoarse = 64;
    std::vector<ProtobufMessage> nodes;
    std::vector<ProtobufMessage> tensors{onnx_tensor("twice", {4}, {1, 1, 2, 2})};
    // One convolution a head, over exactly one cell.
    const auto add_head = [&](int stride, const std::string& name, const std::vector<float>& bias,
                              float of_blue) {
        const std::size_t cell = static_cast<std::size_t>(stride) * static_cast<std::size_t>(stride);
        std::vector<float> weights(bias.size() * 3 * cell, 0.0F);
        // Blue is the first channel.
        std::fill_n(weights.begin(), cell, of_blue / (255.0F * static_cast<float>(cell)));
        const auto channels = static_cast<std::int64_t>(bias.size());
        tensors.push_back(onnx_tensor(name + "_w", {channels, 3, stride, stride}, weights));
        tensors.push_back(onnx_tensor(name + "_b", {channels}, bias));
        nodes.push_back(onnx_node("Conv", {"input", name + "_w", name + "_b"}, name + "_c"));
        add_onnx_integers(nodes.back(), "strides", {stride, stride});
        std::string last = name + "_c";
        for (int step = stride; step > kFinest; step /= 2) {
            if (!name.starts_with("cls_8")) break;
            nodes.push_back(onnx_node("Upsample", {last, "twice"}, last + "u"));
            last += "u";
        }
        nodes.push_back(onnx_node("Transpose", {last}, name));
    };
    for (const int stride : {8, 16, 32}) {
        const std::string at = "_" + std::to_string(stride);
        const bool is_finest = stride == kFinest;
        add_head(is_finest && is_coarse ? kCoarse : stride, "cls" + at, {-kSure},
                 is_finest ? 2 * kSure : 0.0F);
        add_head(stride, "obj" + at, {kSure}, 0.0F);
        add_head(stride, "bbox" + at, {0.5F, 0.5F, 0.0F, 0.0F}, 0.0F);
        add_head(stride, "kps" + at, std::vector<float>(static_cast<std::size_t>(points), 0.0F), 0.0F);
    }
    return onnx_model(nodes, tensors);
}

}  // namespace findme::testing
