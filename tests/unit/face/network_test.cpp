#include "face/network.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "findme/error.hpp"
#include "support/references/plain_network.hpp"

using namespace findme;
using namespace findme::face;
using testing::run_reference;
using testing::Tensor;

namespace {

std::vector<float> random_floats(std::size_t count, std::mt19937& random) {
    std::uniform_real_distribution<float> number(-1.0F, 1.0F);
    std::vector<float> values(count);
    for (auto& value : values) value = number(random);
    return values;
}

struct ConvolutionOptions {
    int kernel_px = 3;
    int stride_px = 1;
    int padding_px = 1;
    int dilation = 1;
    int groups = 1;
    bool relu = false;
};

/// Builds graphs node by node and keeps sizes fitting.
class GraphBuilder {
  public:
    GraphBuilder(int channels, unsigned seed) : random_(seed) {
        Graph::Node input;
        input.channels = channels;
        graph_.nodes.push_back(input);
    }

    int convolution(int from, int channels, const ConvolutionOptions& options = {}) {
        Graph::Node node;
        node.op = Graph::Op::convolution;
        node.inputs = {from};
        node.channels = channels;
        node.kernel_px = options.kernel_px;
        node.stride_px = options.stride_px;
        node.padding_px = options.padding_px;
        node.dilation = options.dilation;
        node.groups = options.groups;
        node.relu = options.relu;
        const int weights = channels * (channels_of(from) / node.groups) * node.kernel_px * node.kernel_px;
        node.weights = random_floats(static_cast<std::size_t>(weights), random_);
        node.bias = random_floats(static_cast<std::size_t>(channels), random_);
        return push(node);
    }

    int pool(int from, Graph::Op op, int kernel_px = 2, int stride_px = 2, int padding_px = 0) {
        Graph::Node node;
        node.op = op;
        node.inputs = {from};
        node.channels = channels_of(from);
        node.kernel_px = kernel_px;
        node.stride_px = stride_px;
        node.padding_px = padding_px;
        return push(node);
    }

    int add(int a, int b, bool relu = false) {
        Graph::Node node;
        node.op = Graph::Op::add;
        node.inputs = {a, b};
        node.channels = std::max(channels_of(a), channels_of(b));
        node.relu = relu;
        return push(node);
    }

    int prelu(int from) {
        Graph::Node node;
        node.op = Graph::Op::prelu;
        node.inputs = {from};
        node.channels = channels_of(from);
        node.slopes = random_floats(static_cast<std::size_t>(node.channels), random_);
        return push(node);
    }

    int concat(const std::vector<int>& parts) {
        Graph::Node node;
        node.op = Graph::Op::concat;
        node.inputs = parts;
        for (const int part : parts) node.channels += channels_of(part);
        return push(node);
    }

    /// With these outputs; without any, every node but the input is one.
    Graph take(std::vector<int> outputs) {
        graph_.outputs = std::move(outputs);
        return graph_;
    }

    [[nodiscard]] int channels_of(int node) const {
        return graph_.nodes[static_cast<std::size_t>(node)].channels;
    }
    [[nodiscard]] int last() const { return static_cast<int>(graph_.nodes.size()) - 1; }
    [[nodiscard]] const Graph& graph() const { return graph_; }
    std::mt19937& random() { return random_; }

  private:
    int push(const Graph::Node& node) {
        graph_.nodes.push_back(node);
        return last();
    }

    std::mt19937 random_;
    Graph graph_;
};

/// Outputs of the engine, one buffer an output, all pictures of the batch behind one another.
std::vector<std::vector<float>> run(const Network& network, const std::vector<float>& input,
                                    Workspace& workspace) {
    std::vector<std::vector<float>> outputs;
    std::vector<std::span<float>> spans;
    for (std::size_t i = 0;; ++i) {
        try {
            outputs.emplace_back(network.output_shape(i).size(), -99.0F);
        } catch (const std::out_of_range&) {
            break;
        }
    }
    for (auto& output : outputs) spans.emplace_back(output);
    // In two pieces, the second one first: where a piece belongs is not a matter of order.
    const std::span<const float> whole(input);
    const std::size_t half = input.size() / 2;
    network.write_input(half, whole.subspan(half), workspace);
    network.write_input(0, whole.first(half), workspace);
    network.run(spans, workspace);
    return outputs;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
    REQUIRE(a.size() == b.size());
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double scale = std::max(1.0, std::abs(static_cast<double>(b[i])));
        const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])) / scale;
        if (!(difference <= largest)) largest = difference;  // NaN counts as large.
    }
    return largest;
}

bool has_bf16() {
    try {
        return precision_of(ModelPrecision::bf16) == Precision::bf16;
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::config_invalid);
        return false;
    }
}

/// Eight bits of precision, lost anew in every layer: judged by the largest number, which small ones are sums
/// of.
void check_roughly(const std::vector<float>& got, const std::vector<float>& wanted) {
    REQUIRE(got.size() == wanted.size());
    float largest = 0;
    float worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        largest = std::max(largest, std::abs(wanted[i]));
        if (const float off = std::abs(got[i] - wanted[i]); !(off <= worst)) worst = off;
    }
    CHECK(worst <= 0.03F * largest);
}

/// Runs the graph for pictures of this size through engine and reference, at every precision there is.
void check_against_reference(const Graph& graph, int height_px, int width_px, unsigned seed) {
    std::mt19937 random(seed);
    Tensor input(height_px, width_px, graph.nodes[0].channels);
    input.values = random_floats(input.values.size(), random);
    const auto expected = run_reference(graph, input);
    Workspace workspace;
    if (has_bf16()) {
        const auto network = compile(graph, 1, height_px, width_px, Precision::bf16);
        const auto outputs = run(*network, input.values, workspace);
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            INFO("bf16, output " << i << ", node " << graph.outputs[i]);
            check_roughly(outputs[i], expected[static_cast<std::size_t>(graph.outputs[i])].values);
        }
    }
    const auto network = compile(graph, 1, height_px, width_px, Precision::f32);
    const auto outputs = run(*network, input.values, workspace);
    REQUIRE(outputs.size() == graph.outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        INFO("output " << i << ", node " << graph.outputs[i]);
        const auto& wanted = expected[static_cast<std::size_t>(graph.outputs[i])];
        const Shape shape = network->output_shape(i);
        CHECK(shape.height == wanted.height);
        CHECK(shape.width == wanted.width);
        CHECK(shape.channels == wanted.channels);
        CHECK(largest_difference(outputs[i], wanted.values) < 1e-3);
    }
}

/// Nodes of all kinds, joined at random; spatial sizes are tracked so that concatenations fit.
Graph random_graph(unsigned seed, int height_px, int width_px) {
    GraphBuilder builder(3, seed);
    auto& random = builder.random();
    const auto pick = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
    std::vector<std::pair<int, int>> sizes{{height_px, width_px}};
    const int count = 4 + pick(8);
    while (builder.last() < count) {
        const int from = pick(builder.last() + 1);
        const auto [height, width] = sizes[static_cast<std::size_t>(from)];
        switch (pick(7)) {
            case 0:
            case 1: {
                ConvolutionOptions options;
                options.kernel_px = 1 + 2 * pick(2);
                options.dilation = 1 + pick(2);
                options.padding_px = options.dilation * (options.kernel_px / 2);
                options.stride_px = std::min(height, width) > 4 ? 1 + pick(2) : 1;
                options.relu = pick(2) == 0;
                const int channels = builder.channels_of(from);
                options.groups = pick(3) == 0 ? channels : 1;
                const int made = builder.convolution(
                    from, options.groups > 1 ? channels * (1 + pick(2)) : 1 + pick(9), options);
                const auto& node = builder.graph().nodes[static_cast<std::size_t>(made)];
                sizes.emplace_back(testing::steps_of(height, node), testing::steps_of(width, node));
                break;
            }
            case 2: {
                if (std::min(height, width) < 3) break;
                const int made = builder.pool(
                    from, pick(2) == 0 ? Graph::Op::max_pool : Graph::Op::average_pool, 2 + pick(2), 2);
                const auto& node = builder.graph().nodes[static_cast<std::size_t>(made)];
                sizes.emplace_back(testing::steps_of(height, node), testing::steps_of(width, node));
                break;
            }
            case 3:
            case 4: {
                // Most often onto the newest node, as networks do: that is what the engine fuses.
                const int other = pick(3) == 0 ? pick(builder.last() + 1) : builder.last();
                const auto [other_height, other_width] = sizes[static_cast<std::size_t>(other)];
                builder.add(from, other, pick(2) == 0);
                sizes.emplace_back(std::max(height, other_height), std::max(width, other_width));
                break;
            }
            case 5:
                builder.prelu(pick(3) == 0 ? from : builder.last());
                sizes.push_back(sizes[static_cast<std::size_t>(builder.graph().nodes.back().inputs[0])]);
                break;
            default: {
                std::vector<int> parts{from};
                for (int node = builder.last(); node >= 0 && parts.size() < 3; --node) {
                    if (node != from && sizes[static_cast<std::size_t>(node)] == std::pair(height, width))
                        parts.push_back(node);
                }
                builder.concat(parts);
                sizes.emplace_back(height, width);
            }
        }
    }
    std::vector<int> outputs{builder.last()};
    if (pick(2) == 0) outputs.push_back(1 + pick(builder.last()));
    return builder.take(outputs);
}

}  // namespace

TEST_CASE("network: convolutions match plain loops for every size, stride, padding, dilation and grouping",
          "[face]") {
    unsigned seed = 1;
    for (const int kernel_px : {1, 2, 3, 5}) {
        for (const int stride_px : {1, 2, 3}) {
            for (const int padding_px : {0, 1, 2}) {
                for (const int dilation : {1, 2}) {
                    for (const int groups : {1, 4}) {
                        INFO("kernel " << kernel_px << " stride " << stride_px << " padding " << padding_px
                                       << " dilation " << dilation << " groups " << groups);
                        GraphBuilder builder(4, seed);
                        builder.convolution(
                            0, 8, {kernel_px, stride_px, padding_px, dilation, groups, seed % 2 == 0});
                        check_against_reference(builder.take({1}), 11, 13, seed++);
                    }
                }
            }
        }
    }
}

TEST_CASE("network: pools leave out the windows that reach over the edge, and padding counts for nothing",
          "[face]") {
    for (const auto op : {Graph::Op::max_pool, Graph::Op::average_pool}) {
        for (const int kernel_px : {2, 3}) {
            for (const int stride_px : {1, 2, 3}) {
                for (const int padding_px : {0, 1}) {
                    INFO("kernel " << kernel_px << " stride " << stride_px << " padding " << padding_px);
                    GraphBuilder builder(5, 3);
                    builder.pool(0, op, kernel_px, stride_px, padding_px);
                    check_against_reference(builder.take({1}), 10, 7, 4);
                }
            }
        }
    }
    GraphBuilder builder(5, 3);
    builder.pool(0, Graph::Op::global_average);
    check_against_reference(builder.take({1}), 10, 7, 4);
}

TEST_CASE("network: enlarging gives every element four times, and adds to what was pooled", "[face]") {
    for (const auto& [height, width] : {std::pair{1, 1}, {4, 6}, {8, 2}}) {
        INFO(height << "x" << width);
        GraphBuilder builder(3, 17);
        const int wide = builder.convolution(0, 5);
        const int small = builder.pool(wide, Graph::Op::max_pool, 1, 1);
        const int twice = builder.pool(small, Graph::Op::enlarge);
        const int deep = builder.convolution(twice, 4);
        builder.add(deep, builder.pool(builder.convolution(small, 4), Graph::Op::enlarge));
        check_against_reference(builder.take({builder.last(), twice}), height, width, 18);
    }
}

TEST_CASE("network: a slope for each channel, in place or with others who read what comes in", "[face]") {
    for (const int channels : {1, 3, 8, 16, 21}) {
        INFO(channels << " channels");
        GraphBuilder builder(3, 23);
        const int bent = builder.prelu(builder.convolution(0, channels));
        const int kept = builder.convolution(bent, channels, {.groups = channels});
        const int both = builder.add(kept, builder.prelu(kept));
        const int of_input = builder.prelu(0);
        check_against_reference(builder.take({bent, both, of_input, builder.prelu(both)}), 7, 9, 24);
    }
}

TEST_CASE("network: a network that enlarges without end is refused", "[face]") {
    GraphBuilder builder(1, 3);
    for (int i = 0; i < 40; ++i) builder.pool(builder.last(), Graph::Op::enlarge);
    CHECK_THROWS_AS(compile(builder.take({builder.last()}), 1, 32, 32, Precision::f32), Error);
}

TEST_CASE("network: an addition counts as zero what one side does not have", "[face]") {
    GraphBuilder builder(3, 5);
    const int wide = builder.convolution(0, 8);
    const int small = builder.pool(0, Graph::Op::average_pool);
    const int sum = builder.add(small, wide, true);
    const int other_way = builder.add(wide, small);
    check_against_reference(builder.take({sum, other_way}), 9, 8, 6);
}

TEST_CASE("network: a block with a shortcut is the same whether or not it is fused", "[face]") {
    for (const bool keep : {false, true}) {
        GraphBuilder builder(3, 7);
        const int start = builder.convolution(0, 6, {.relu = true});
        const int middle = builder.convolution(start, 6, {.relu = true});
        const int right = builder.convolution(middle, 6);
        const int sum = builder.add(right, start, true);
        const int end = builder.convolution(sum, 4);
        check_against_reference(builder.take(keep ? std::vector{end, right} : std::vector{end}), 12, 9, 8);
    }
}

// Once a convolution that was added to its own input accumulated into the very pixels it was still reading.
TEST_CASE("network: a convolution added to its own input is right", "[face]") {
    GraphBuilder builder(3, 9);
    const int start = builder.convolution(0, 6, {.relu = true});
    const int next = builder.convolution(start, 6);
    const int sum = builder.add(next, start, true);
    check_against_reference(builder.take({sum}), 12, 9, 10);
}

TEST_CASE("network: random graphs match plain loops", "[face]") {
    for (unsigned seed = 0; seed < 150; ++seed) {
        INFO("seed " << seed);
        check_against_reference(random_graph(seed, 12, 10), 12, 10, seed + 1000);
    }
}

TEST_CASE("network: a batch gives what each picture gives alone", "[face]") {
    GraphBuilder builder(3, 11);
    const int a = builder.convolution(0, 8, {.relu = true});
    const int b = builder.add(builder.convolution(builder.convolution(a, 8), 8), a, true);
    const int c =
        builder.concat({builder.pool(b, Graph::Op::max_pool), builder.pool(a, Graph::Op::average_pool)});
    const Graph graph = builder.take({c, builder.pool(c, Graph::Op::global_average)});
    constexpr int kBatch = 3;
    std::mt19937 random(12);
    const auto single = compile(graph, 1, 10, 10, Precision::f32);
    const auto batch = compile(graph, kBatch, 10, 10, Precision::f32);
    const std::size_t picture = single->input_shape().size();
    const auto input = random_floats(picture * kBatch, random);
    Workspace workspace;
    const auto together = run(*batch, input, workspace);
    for (std::size_t i = 0; i < kBatch; ++i) {
        const std::vector<float> one(input.begin() + static_cast<std::ptrdiff_t>(i * picture),
                                     input.begin() + static_cast<std::ptrdiff_t>((i + 1) * picture));
        const auto alone = run(*single, one, workspace);
        for (std::size_t k = 0; k < alone.size(); ++k) {
            const auto begin = together[k].begin() + static_cast<std::ptrdiff_t>(i * alone[k].size());
            const std::vector<float> part(begin, begin + static_cast<std::ptrdiff_t>(alone[k].size()));
            CHECK(largest_difference(part, alone[k]) < 1e-5);
        }
    }
}

TEST_CASE("network: two threads on one network get bit for bit what one gets", "[face]") {
    const Graph graph = random_graph(21, 16, 16);
    const auto network = compile(graph, 1, 16, 16, Precision::f32);
    std::mt19937 random(22);
    std::vector<std::vector<float>> inputs;
    std::vector<std::vector<std::vector<float>>> expected;
    Workspace workspace;
    for (int i = 0; i < 8; ++i) {
        inputs.push_back(random_floats(network->input_shape().size(), random));
        expected.push_back(run(*network, inputs.back(), workspace));
    }
    std::vector<std::vector<std::vector<float>>> got(inputs.size());
    const auto work = [&](std::size_t first) {
        Workspace own;
        for (std::size_t i = first; i < inputs.size(); i += 2) got[i] = run(*network, inputs[i], own);
    };
    std::thread even(work, 0U);
    std::thread odd(work, 1U);
    even.join();
    odd.join();
    CHECK(got == expected);
}

TEST_CASE("network: buffers of another size and inputs that do not fit are refused", "[face]") {
    GraphBuilder builder(3, 13);
    builder.convolution(0, 2, {.kernel_px = 5, .padding_px = 0});
    const Graph graph = builder.take({1});
    for (const auto& [height_px, width_px] : {std::pair{4, 9}, {9, 4}, {0, 9}, {9, -1}}) {
        CHECK_THROWS_AS(compile(graph, 1, height_px, width_px, Precision::f32), Error);
    }
    CHECK_THROWS_AS(compile(graph, 0, 9, 9, Precision::f32), Error);
    const auto network = compile(graph, 1, 9, 9, Precision::f32);
    Workspace workspace;
    std::vector<float> input(network->input_shape().size());
    std::vector<float> output(network->output_shape(0).size() - 1);
    const std::vector<std::span<float>> outputs{output};
    network->write_input(0, input, workspace);
    CHECK_THROWS_AS(network->run(outputs, workspace), Error);
    CHECK_THROWS_AS(network->run({}, workspace), Error);
    CHECK_THROWS_AS(network->write_input(1, input, workspace), Error);
    CHECK_THROWS_AS(network->write_input(input.size() + 1, {}, workspace), Error);
    input.push_back(0);
    CHECK_THROWS_AS(network->write_input(0, input, workspace), Error);
}

TEST_CASE("network: parts of different size cannot be concatenated", "[face]") {
    GraphBuilder builder(3, 14);
    const int half = builder.pool(0, Graph::Op::max_pool);
    builder.concat({0, half});
    CHECK_THROWS_AS(compile(builder.take({2}), 1, 8, 8, Precision::f32), Error);
}

TEST_CASE("workspace: memory is aligned, grows, and is kept when less is asked for", "[face]") {
    Workspace workspace;
    const auto small = workspace.at_least(100);
    CHECK(small.size() >= 100);
    CHECK(reinterpret_cast<std::uintptr_t>(small.data()) % 64 == 0);
    const auto large = workspace.at_least(100'000);
    CHECK(large.size() >= 100'000);
    CHECK(workspace.at_least(10).data() == large.data());
}
