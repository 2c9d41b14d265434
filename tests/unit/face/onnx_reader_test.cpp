#include "face/onnx_reader.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "config/model_manifest.hpp"
#include "face/model_files.hpp"
#include "face/protobuf.hpp"
#include "findme/error.hpp"
#include "support/make_onnx.hpp"
#include "support/resources.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;
using Bytes = std::vector<std::uint8_t>;

namespace {

ErrorInfo refusal_of(const Bytes& bytes) {
    try {
        static_cast<void>(read_onnx(bytes));
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("no error was thrown");
    return {};
}

/// True when the bytes were read into a valid graph; false when they were refused as a bad model. Anything
/// else fails.
bool reads(const Bytes& bytes) {
    try {
        validate(read_onnx(bytes));
        return true;
    } catch (const Error& error) {
        CHECK((error.code() == ErrorCode::model_corrupt || error.code() == ErrorCode::model_shape_mismatch));
        CHECK_FALSE(error.info().message.empty());
        return false;
    }
}

ProtobufMessage convolution(const std::string& input, const std::string& weights, const std::string& output) {
    return onnx_node("Conv", {input, weights}, output);
}

/// A model of one 1 x 1 convolution of two filters, with `change` made to its nodes and tensors.
using Change = std::function<void(std::vector<ProtobufMessage>&, std::vector<ProtobufMessage>&)>;
Bytes small_model(const Change& change) {
    std::vector<ProtobufMessage> nodes{convolution("input", "w", "a")};
    std::vector<ProtobufMessage> tensors{onnx_tensor("w", {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6})};
    change(nodes, tensors);
    nodes.push_back(onnx_node("Transpose", {"a"}, "head"));
    return onnx_model(nodes, tensors);
}

Bytes real_model(const std::string& folder) {
    return load_model(config::parse_manifest(config::embedded_manifest_yaml()), "detector", {folder});
}

}  // namespace

TEST_CASE("protobuf: fields of every wire type are read, unknown ones are passed over by their size",
          "[face]") {
    const Bytes message{0x08, 0x96, 0x01,                      // 1: varint 150
                        0x11, 1,    0,    0,   0, 0, 0, 0, 1,  // 2: 64 bits
                        0x1A, 2,    'h',  'i',                 // 3: bytes
                        0x25, 4,    3,    2,   1};             // 4: 32 bits
    ProtobufReader reader(message);
    CHECK(reader.next()->integer == 150);
    CHECK(reader.next()->integer == 0x0100000000000001U);
    CHECK(reader.next()->text() == "hi");
    CHECK(reader.next()->integer == 0x01020304U);
    CHECK_FALSE(reader.next());
}

TEST_CASE("protobuf: a message cut anywhere inside a field, or of an unknown wire type, is refused",
          "[face]") {
    const std::vector<Bytes> damaged{{0x08},
                                     {0x08, 0x80},
                                     {0x11, 1, 2, 3},
                                     {0x1A, 5, 1},
                                     {0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1},
                                     {0x25, 1},
                                     {0x0B},
                                     {0x0C},
                                     {0x0F},
                                     Bytes(11, 0xFF)};
    for (const auto& bytes : damaged) {
        ProtobufReader reader(bytes);
        CHECK_THROWS_AS(reader.next(), Error);
    }
}

TEST_CASE("onnx: a convolution with bias, ReLU and head is read with its numbers", "[face]") {
    const Graph graph = read_onnx(make_onnx_head());
    REQUIRE(graph.nodes.size() == 2);
    const auto& node = graph.nodes[1];
    CHECK(node.op == Graph::Op::convolution);
    CHECK(node.channels == 4);
    CHECK(node.kernel_px == 3);
    CHECK(node.padding_px == 1);
    CHECK(node.stride_px == 1);
    CHECK(node.relu);
    CHECK(node.weights == std::vector<float>(108, 0.25F));
    CHECK(node.bias == std::vector<float>{0, 1, 2, 3});
    CHECK(graph.outputs == std::vector<int>{1});
}

TEST_CASE("onnx: a factor folds into the convolution before it", "[face]") {
    const auto graph =
        read_onnx(onnx_model({convolution("input", "w", "a"), onnx_node("Mul", {"a", "half"}, "b"),
                              onnx_node("Transpose", {"b"}, "head")},
                             {onnx_tensor("w", {1, 3, 1, 1}, {2, 4, 6}), onnx_tensor("half", {}, {0.5F})}));
    CHECK(graph.nodes[1].weights == std::vector<float>{1, 2, 3});
}

TEST_CASE("onnx: a MaxPool is read with its window, and one that findme does not run is refused", "[face]") {
    const auto pooled = [](const std::string& name, const std::vector<std::int64_t>& values) {
        return small_model([&](auto& nodes, auto&) {
            auto pool = onnx_node("MaxPool", {"a"}, "b");
            add_onnx_integers(pool, "kernel_shape", {2, 2});
            add_onnx_integers(pool, "strides", {2, 2});
            if (!name.empty()) add_onnx_integers(pool, name, values);
            nodes.push_back(pool);
            nodes.push_back(onnx_node("Transpose", {"b"}, "head2"));
        });
    };
    const Graph graph = read_onnx(pooled("", {}));
    const auto& node = graph.nodes[2];
    CHECK(node.op == Graph::Op::max_pool);
    CHECK(node.channels == 2);
    CHECK(node.kernel_px == 2);
    CHECK(node.stride_px == 2);
    CHECK(node.padding_px == 0);
    CHECK(reads(pooled("pads", {1, 1, 1, 1})));
    CHECK_FALSE(reads(pooled("pads", {0, 0, 1, 1})));
    CHECK_FALSE(reads(pooled("dilations", {2, 2})));
    CHECK_FALSE(reads(pooled("kernel_shape", {3, 2})));
}

TEST_CASE("onnx: a Resize or Upsample that repeats every element twice is read, any other is refused",
          "[face]") {
    struct Way {
        std::string op;
        std::string mode;
        std::string centre;
        std::string rounding;
        std::vector<float> scales;
        bool is_known;
    };
    const std::vector<float> twice{1, 1, 2, 2};
    for (const Way& way : std::vector<Way>{
             {"Resize", "nearest", "asymmetric", "floor", twice, true},
             {"Resize", "nearest", "", "", twice, true},
             {"Resize", "", "half_pixel", "round_prefer_floor", twice, true},
             {"Upsample", "nearest", "", "", twice, true},
             {"Resize", "linear", "asymmetric", "floor", twice, false},
             {"Resize", "nearest", "align_corners", "floor", twice, false},
             {"Resize", "nearest", "asymmetric", "ceil", twice, false},
             {"Resize", "nearest", "half_pixel", "floor", twice, false},
             {"Resize", "nearest", "asymmetric", "floor", {1, 1, 3, 3}, false},
             {"Resize", "nearest", "asymmetric", "floor", {1, 2, 2, 2}, false},
             {"Resize", "nearest", "asymmetric", "floor", {2, 2}, false},
             {"Upsample", "cubic", "", "", twice, false},
         }) {
        INFO(way.op << " " << way.mode << " " << way.centre << " " << way.rounding);
        const auto model = small_model([&](auto& nodes, auto& tensors) {
            tensors.push_back(onnx_tensor("none", {0}, {}));
            tensors.push_back(
                onnx_tensor("scales", {static_cast<std::int64_t>(way.scales.size())}, way.scales));
            auto enlarge = way.op == "Resize" ? onnx_node(way.op, {"a", "none", "scales"}, "b")
                                              : onnx_node(way.op, {"a", "scales"}, "b");
            add_onnx_text(enlarge, "mode", way.mode);
            add_onnx_text(enlarge, "coordinate_transformation_mode", way.centre);
            add_onnx_text(enlarge, "nearest_mode", way.rounding);
            nodes.push_back(enlarge);
            nodes.push_back(onnx_node("Transpose", {"b"}, "head2"));
        });
        CHECK(reads(model) == way.is_known);
        if (way.is_known) CHECK(read_onnx(model).nodes[2].op == Graph::Op::enlarge);
    }
    CHECK_FALSE(
        reads(small_model([](auto& nodes, auto&) { nodes.push_back(onnx_node("Resize", {"a"}, "b")); })));
}

TEST_CASE("onnx: what findme does not know is refused by name", "[face]") {
    const auto error = refusal_of(
        small_model([](auto& nodes, auto&) { nodes.push_back(onnx_node("Frobnicate", {"a"}, "b")); }));
    CHECK(error.code == ErrorCode::model_corrupt);
    CHECK(error.message.find("\"Frobnicate\"") != std::string::npos);
}

TEST_CASE("onnx: models that contradict themselves are refused", "[face]") {
    const std::vector<std::pair<std::string, Change>> changes{
        {"weights for other inputs",
         [](auto&, auto& t) {
             t[0] = onnx_tensor("w", {2, 5, 1, 1}, std::vector<float>(10));
         }},
        {"a shape larger than its data",
         [](auto&, auto& t) {
             t[0] = onnx_tensor("w", {2000, 3, 1, 1}, {1, 2});
         }},
        {"a shape of overflowing size",
         [](auto&, auto& t) {
             t[0] = onnx_tensor("w", {1LL << 62, 1LL << 62, 1, 1}, {1});
         }},
        {"a negative dimension",
         [](auto&, auto& t) {
             t[0] = onnx_tensor("w", {-2, -3, 1, 1}, std::vector<float>(6));
         }},
        {"no weights", [](auto&, auto& t) { t.clear(); }},
        {"weights of two dimensions",
         [](auto&, auto& t) {
             t[0] = onnx_tensor("w", {2, 3}, std::vector<float>(6));
         }},
        {"weights that are not square",
         [](auto&, auto& t) {
             t[0] = onnx_tensor("w", {1, 3, 1, 2}, std::vector<float>(6));
         }},
        {"a stride of zero",
         [](auto& n, auto&) {
             add_onnx_integers(n[0], "strides", {0, 0});
         }},
        {"an uneven stride",
         [](auto& n, auto&) {
             add_onnx_integers(n[0], "strides", {1, 2});
         }},
        {"an absurd padding",
         [](auto& n, auto&) {
             add_onnx_integers(n[0], "pads", {1 << 20, 1 << 20});
         }},
        {"a negative padding",
         [](auto& n, auto&) {
             add_onnx_integers(n[0], "pads", {-1, -1});
         }},
        {"an addition of what nothing makes",
         [](auto& n, auto&) {
             n.push_back(onnx_node("Add", {"a", "none"}, "b"));
         }},
        {"an addition of one", [](auto& n, auto&) { n.push_back(onnx_node("Add", {"a"}, "b")); }},
    };
    for (const auto& [name, change] : changes) {
        INFO(name);
        CHECK_FALSE(reads(small_model(change)));
    }
}

// Once an addition took its first input's channels on trust: with a wider second input a concatenation behind
// it wrote past its buffer.
TEST_CASE("onnx: an addition of tensors with different channels is refused", "[face]") {
    CHECK_FALSE(reads(small_model([](auto& nodes, auto& tensors) {
        tensors.push_back(onnx_tensor("w4", {4, 3, 1, 1}, std::vector<float>(12)));
        nodes.push_back(convolution("input", "w4", "b"));
        nodes.push_back(onnx_node("Add", {"a", "b"}, "c"));
        nodes.push_back(onnx_node("Concat", {"c", "a"}, "d"));
        nodes.push_back(onnx_node("Transpose", {"d"}, "head2"));
    })));
}

TEST_CASE("onnx: an empty file, a file of something else and a network without a head are refused",
          "[face]") {
    CHECK_FALSE(reads({}));
    CHECK_FALSE(reads({'P', 'K', 3, 4, 0, 0, 0, 0}));
    CHECK_FALSE(reads(onnx_model({}, {})));
    CHECK_FALSE(reads(onnx_model({onnx_node("Transpose", {"other"}, "head")}, {})));
}

TEST_CASE("onnx: a small model cut at every byte is refused or still whole", "[face]") {
    const Bytes whole = make_onnx_head();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        INFO(size);
        CHECK_FALSE(reads(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
    }
}

TEST_CASE("onnx: the real detector cut short anywhere is refused", "[face][model]") {
    const auto folder = model_folder();
    if (!folder) return;
    const Bytes whole = real_model(*folder);
    REQUIRE(reads(whole));
    std::size_t refused = 0;
    constexpr std::size_t kCuts = 400;
    for (std::size_t i = 0; i < kCuts; ++i) {
        const auto size = static_cast<std::ptrdiff_t>(whole.size() * i / kCuts);
        refused += !reads(Bytes(whole.begin(), whole.begin() + size));
    }
    CHECK(refused == kCuts);
}

TEST_CASE("onnx: the real detector with bits flipped is read or refused, never anything else",
          "[face][model]") {
    const auto folder = model_folder();
    if (!folder) return;
    const Bytes whole = real_model(*folder);
    std::mt19937 random(7);
    std::size_t refused = 0;
    for (int round = 0; round < 300; ++round) {
        Bytes bent = whole;
        // Weights take most of the file and any number is a weight: flips are many, to hit the structure as
        // well.
        for (int i = 0; i < 200; ++i)
            bent[random() % bent.size()] ^= static_cast<std::uint8_t>(1U << (random() % 8));
        refused += !reads(bent);
    }
    CHECK(refused > 0);
}
