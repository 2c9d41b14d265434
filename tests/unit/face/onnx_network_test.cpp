// Networks that end at their file's outputs, as recognisers do.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "face/onnx_reader.hpp"
#include "findme/error.hpp"
#include "support/make_onnx.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// A network that ends at "end" and not at a detection head: two filters of 1 x 1 (1 2 3, 4 5 6; bias 0),
/// then these nodes.
Bytes whole_model(const std::vector<ProtobufMessage>& nodes, std::vector<ProtobufMessage> tensors = {}) {
    std::vector<ProtobufMessage> all{onnx_node("Conv", {"input", "w"}, "a")};
    all.insert(all.end(), nodes.begin(), nodes.end());
    tensors.push_back(onnx_tensor("w", {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}));
    return onnx_model(all, tensors, {"end"});
}

Graph read_whole(const Bytes& bytes) {
    return read_onnx(bytes, OnnxEnd::outputs);
}

bool reads_whole(const Bytes& bytes) {
    try {
        static_cast<void>(read_whole(bytes));
        return true;
    } catch (const Error& error) {
        CHECK((error.code() == ErrorCode::model_corrupt || error.code() == ErrorCode::model_shape_mismatch));
        return false;
    }
}

/// Scales by 2 and 3 and shifts by 1 and -1, nearly: the variance is 1 with what is added to it.
const std::vector<ProtobufMessage>& normalisation_tensors() {
    static const std::vector<ProtobufMessage> kTensors{
        onnx_tensor("scale", {2}, {2, 3}), onnx_tensor("shift", {2}, {1, 5}),
        onnx_tensor("mean", {2}, {0, 2}), onnx_tensor("variance", {2}, {0.75F, 0.75F})};
    return kTensors;
}

ProtobufMessage normalisation(const std::string& input, const std::string& output) {
    auto node = onnx_node("BatchNormalization", {input, "scale", "shift", "mean", "variance"}, output);
    add_onnx_number(node, "epsilon", 0.25F);
    return node;
}

}  // namespace

TEST_CASE("onnx: a network may end at the file's outputs", "[face]") {
    const Graph graph = read_whole(whole_model({onnx_node("Relu", {"a"}, "end")}));
    CHECK(graph.outputs == std::vector<int>{1});
    CHECK(graph.nodes[1].relu);
    CHECK_FALSE(reads_whole(whole_model({onnx_node("Relu", {"a"}, "elsewhere")})));
    CHECK_FALSE(reads_whole(whole_model({onnx_node("Transpose", {"a"}, "end")})));
    CHECK_FALSE(reads_whole(make_onnx_head()));
    CHECK_THROWS_AS(read_onnx(whole_model({onnx_node("Relu", {"a"}, "end")})), Error);
}

TEST_CASE("onnx: a small recogniser is read, and cut at every byte refused or still whole", "[face]") {
    const Bytes whole = make_onnx_recogniser();
    const Graph graph = read_whole(whole);
    REQUIRE(graph.outputs.size() == 1);
    CHECK(graph.nodes[static_cast<std::size_t>(graph.outputs[0])].channels == 5);
    for (std::size_t size = 0; size < whole.size(); ++size)
        static_cast<void>(reads_whole({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}));
    Bytes changed = whole;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        for (const unsigned bits : {0x01U, 0x80U, 0xFFU}) {
            changed[i] = static_cast<std::uint8_t>(whole[i] ^ bits);
            static_cast<void>(reads_whole(changed));
        }
        changed[i] = whole[i];
    }
}

TEST_CASE("onnx: what normalises a convolution folds into it, unless somebody else reads it", "[face]") {
    const Graph folded = read_whole(whole_model({normalisation("a", "end")}, normalisation_tensors()));
    REQUIRE(folded.nodes.size() == 2);
    CHECK(folded.nodes[1].weights == std::vector<float>{2, 4, 6, 12, 15, 18});
    CHECK(folded.nodes[1].bias == std::vector<float>{1, -1});

    const Graph apart = read_whole(
        whole_model({normalisation("a", "b"), onnx_node("Add", {"a", "b"}, "end")}, normalisation_tensors()));
    REQUIRE(apart.nodes.size() == 4);
    CHECK(apart.nodes[1].weights == std::vector<float>{1, 2, 3, 4, 5, 6});
    CHECK(apart.nodes[2].groups == 2);
    CHECK(apart.nodes[2].weights == std::vector<float>{2, 3});
    CHECK(apart.nodes[2].bias == std::vector<float>{1, -1});
    CHECK(apart.nodes[3].inputs == std::vector<int>{1, 2});

    // Nor does a ReLU change what an addition reads besides.
    const Graph bent =
        read_whole(whole_model({onnx_node("Relu", {"a"}, "b"), onnx_node("Add", {"a", "b"}, "end")}));
    REQUIRE(bent.nodes.size() == 4);
    CHECK_FALSE(bent.nodes[1].relu);
    CHECK(bent.nodes[2].op == Graph::Op::prelu);
    CHECK(bent.nodes[2].slopes == std::vector<float>{0, 0});

    // Nor does what reads it under another name.
    for (const char* alias : {"Identity", "Dropout"}) {
        INFO(alias);
        const Graph aliased = read_whole(whole_model(
            {onnx_node(alias, {"a"}, "b"), normalisation("b", "c"), onnx_node("Add", {"a", "c"}, "end")},
            normalisation_tensors()));
        REQUIRE(aliased.nodes.size() == 4);
        CHECK(aliased.nodes[1].weights == std::vector<float>{1, 2, 3, 4, 5, 6});
        const Graph alone = read_whole(
            whole_model({onnx_node(alias, {"a"}, "b"), normalisation("b", "end")}, normalisation_tensors()));
        CHECK(alone.nodes.size() == 2);
    }

    CHECK_FALSE(reads_whole(whole_model({normalisation("input", "end")}, normalisation_tensors())));
}

TEST_CASE("onnx: what would be read wrongly is refused", "[face]") {
    auto padded = onnx_node("MaxPool", {"a"}, "end");
    add_onnx_text(padded, "auto_pad", "SAME_UPPER");
    const std::vector<std::pair<std::string, Bytes>> models{
        {"a bias of another size, then what is folded into it",
         whole_model({onnx_node("Conv", {"a", "v", "one"}, "b"), onnx_node("Mul", {"b", "two"}, "end")},
                     {onnx_tensor("v", {4, 2, 1, 1}, std::vector<float>(8, 1)), onnx_tensor("one", {1}, {1}),
                      onnx_tensor("two", {}, {2})})},
        {"a bias that is not constant",
         whole_model({onnx_node("Conv", {"a", "v", "a"}, "end")},
                     {onnx_tensor("v", {4, 2, 1, 1}, std::vector<float>(8, 1))})},
        {"a convolution of something flat",
         whole_model({onnx_node("Flatten", {"a"}, "b"), onnx_node("Conv", {"b", "v"}, "end")},
                     {onnx_tensor("v", {4, 2, 1, 1}, std::vector<float>(8, 1))})},
        {"padding by a rule", whole_model({padded})},
    };
    for (const auto& [name, model] : models) {
        INFO(name);
        CHECK_FALSE(reads_whole(model));
    }
}

// A file of a few hundred bytes, whose channels double with every line.
TEST_CASE("onnx: no more channels are made room for than a network has", "[face]") {
    std::vector<ProtobufMessage> nodes;
    std::string last = "a";
    for (int i = 0; i < 40; ++i) {
        const std::string next = "c" + std::to_string(i);
        nodes.push_back(onnx_node("Concat", {last, last}, next));
        last = next;
    }
    nodes.push_back(onnx_node("Relu", {last}, "end"));
    CHECK_FALSE(reads_whole(whole_model(nodes)));
    CHECK_THROWS_AS(read_onnx(whole_model(nodes)), Error);
}

TEST_CASE("onnx: constants are added, taken off, multiplied and divided, alone or by channel", "[face]") {
    struct Way {
        std::string op;
        std::vector<std::string> inputs;
        std::vector<std::int64_t> dims;
        std::vector<float> constant;
        std::vector<float> weights;  ///< Empty: refused.
        std::vector<float> bias;
    };
    for (const Way& way : std::vector<Way>{
             {"Add", {"a", "c"}, {}, {2}, {1, 2, 3, 4, 5, 6}, {2, 2}},
             {"Add", {"c", "a"}, {1, 2, 1, 1}, {2, 3}, {1, 2, 3, 4, 5, 6}, {2, 3}},
             {"Sub", {"a", "c"}, {2, 1, 1}, {2, 3}, {1, 2, 3, 4, 5, 6}, {-2, -3}},
             {"Mul", {"a", "c"}, {1}, {2}, {2, 4, 6, 8, 10, 12}, {0, 0}},
             {"Mul", {"c", "a"}, {2, 1, 1}, {2, -1}, {2, 4, 6, -4, -5, -6}, {0, 0}},
             {"Div", {"a", "c"}, {2, 1, 1}, {2, 4}, {0.5F, 1, 1.5F, 1, 1.25F, 1.5F}, {0, 0}},
             {"Sub", {"c", "a"}, {}, {2}, {}, {}},
             {"Div", {"c", "a"}, {}, {2}, {}, {}},
             // Along the width.
             {"Add", {"a", "c"}, {2}, {2, 3}, {}, {}},
             {"Add", {"a", "c"}, {1, 1, 2}, {2, 3}, {}, {}},
             {"Mul", {"a", "c"}, {3, 1, 1}, {2, 3, 4}, {}, {}},
             {"Mul", {"a", "a"}, {}, {1}, {}, {}},
         }) {
        INFO(way.op << " " << way.inputs[0] << " " << way.inputs[1] << ", " << way.dims.size()
                    << " dimensions");
        const auto model =
            whole_model({onnx_node(way.op, way.inputs, "end")}, {onnx_tensor("c", way.dims, way.constant)});
        REQUIRE(reads_whole(model) == !way.weights.empty());
        if (way.weights.empty()) continue;
        const Graph graph = read_whole(model);
        REQUIRE(graph.nodes.size() == 2);
        CHECK(graph.nodes[1].weights == way.weights);
        CHECK(graph.nodes[1].bias == way.bias);
    }
    // A network's own first steps, before any convolution.
    const Graph first =
        read_whole(onnx_model({onnx_node("Sub", {"input", "half"}, "a"),
                               onnx_node("Mul", {"a", "scale"}, "b"), onnx_node("Conv", {"b", "w"}, "end")},
                              {onnx_tensor("half", {}, {127.5F}), onnx_tensor("scale", {1}, {2}),
                               onnx_tensor("w", {1, 3, 1, 1}, {1, 2, 3})},
                              {"end"}));
    REQUIRE(first.nodes.size() == 3);
    CHECK(first.nodes[1].groups == 3);
    CHECK(first.nodes[1].weights == std::vector<float>{2, 2, 2});
    CHECK(first.nodes[1].bias == std::vector<float>{-255, -255, -255});
}

TEST_CASE("onnx: slopes are for each channel, or one for all", "[face]") {
    const auto slopes = [](const std::vector<std::int64_t>& dims, const std::vector<float>& values) {
        return whole_model({onnx_node("PRelu", {"a", "s"}, "end")}, {onnx_tensor("s", dims, values)});
    };
    CHECK(read_whole(slopes({2, 1, 1}, {0.5F, 0.25F})).nodes[2].slopes == std::vector<float>{0.5F, 0.25F});
    CHECK(read_whole(slopes({2}, {0.5F, 0.25F})).nodes[2].slopes == std::vector<float>{0.5F, 0.25F});
    CHECK(read_whole(slopes({1, 1, 1}, {0.5F})).nodes[2].slopes == std::vector<float>{0.5F, 0.5F});
    CHECK_FALSE(reads_whole(slopes({3, 1, 1}, {1, 2, 3})));
    CHECK_FALSE(reads_whole(whole_model({onnx_node("PRelu", {"a", "a"}, "end")})));
    auto leaky = onnx_node("LeakyRelu", {"a"}, "end");
    add_onnx_number(leaky, "alpha", 0.125F);
    CHECK(read_whole(whole_model({leaky})).nodes[2].slopes == std::vector<float>{0.125F, 0.125F});
}

TEST_CASE("onnx: a matrix over all that comes in is a convolution of that size", "[face]") {
    // Two channels of 2 x 2, to three outputs; the file counts channels first.
    std::vector<float> turned(24);
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = static_cast<float>(i);
    std::vector<float> straight(24);
    for (std::size_t o = 0; o < 3; ++o) {
        for (std::size_t i = 0; i < 8; ++i) straight[i * 3 + o] = turned[o * 8 + i];
    }
    auto gemm = onnx_node("Gemm", {"flat", "m", "bias"}, "end");
    add_onnx_integer(gemm, "transB", 1);
    const Graph graph =
        read_whole(whole_model({onnx_node("Dropout", {"a"}, "b"), onnx_node("Flatten", {"b"}, "flat"), gemm},
                               {onnx_tensor("m", {3, 8}, turned), onnx_tensor("bias", {3}, {7, 8, 9})}));
    REQUIRE(graph.nodes.size() == 3);
    CHECK(graph.nodes[2].op == Graph::Op::convolution);
    CHECK(graph.nodes[2].kernel_px == 2);
    CHECK(graph.nodes[2].padding_px == 0);
    CHECK(graph.nodes[2].channels == 3);
    CHECK(graph.nodes[2].weights == turned);
    CHECK(graph.nodes[2].bias == std::vector<float>{7, 8, 9});

    const Graph other =
        read_whole(whole_model({onnx_node("Reshape", {"a"}, "flat"), onnx_node("MatMul", {"flat", "m"}, "b"),
                                onnx_node("Add", {"b", "bias"}, "end")},
                               {onnx_tensor("m", {8, 3}, straight), onnx_tensor("bias", {3}, {7, 8, 9})}));
    CHECK(other.nodes[2].weights == turned);
    CHECK(other.nodes[2].bias == std::vector<float>{7, 8, 9});

    // Not flat, not square, no constants.
    CHECK_FALSE(reads_whole(
        whole_model({onnx_node("MatMul", {"a", "m"}, "end")}, {onnx_tensor("m", {8, 3}, straight)})));
    CHECK_FALSE(
        reads_whole(whole_model({onnx_node("Flatten", {"a"}, "b"), onnx_node("MatMul", {"b", "m"}, "end")},
                                {onnx_tensor("m", {12, 2}, straight)})));
    CHECK_FALSE(
        reads_whole(whole_model({onnx_node("Flatten", {"a"}, "b"), onnx_node("MatMul", {"b", "b"}, "end")})));
}

TEST_CASE("onnx: a last step to unit length is passed over, one on the way is refused", "[face]") {
    CHECK(read_whole(whole_model({onnx_node("LpNormalization", {"a"}, "end")})).outputs ==
          std::vector<int>{1});
    CHECK_FALSE(reads_whole(
        whole_model({onnx_node("LpNormalization", {"a"}, "b"), onnx_node("Relu", {"b"}, "end")})));
}
