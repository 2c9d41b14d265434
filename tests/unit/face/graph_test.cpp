#include "face/graph.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "findme/error.hpp"

using namespace findme;
using namespace findme::face;

namespace {

Graph::Node node(Graph::Op op, std::vector<int> inputs, int channels) {
    Graph::Node made;
    made.op = op;
    made.inputs = std::move(inputs);
    made.channels = channels;
    return made;
}

Graph::Node convolution(int input, std::size_t inputs, int channels, int kernel_px) {
    Graph::Node made = node(Graph::Op::convolution, {input}, channels);
    made.kernel_px = kernel_px;
    made.weights.resize(inputs * static_cast<std::size_t>(channels) * static_cast<std::size_t>(kernel_px) *
                        static_cast<std::size_t>(kernel_px));
    made.bias.resize(static_cast<std::size_t>(channels));
    return made;
}

/// input 3, convolution 4, pool 4, addition 4, concatenation 8.
Graph good_graph() {
    Graph graph;
    graph.nodes = {node(Graph::Op::input, {}, 3), convolution(0, 3, 4, 3), node(Graph::Op::max_pool, {1}, 4),
                   node(Graph::Op::add, {1, 2}, 4), node(Graph::Op::concat, {3, 1}, 8)};
    graph.outputs = {4};
    return graph;
}

}  // namespace

TEST_CASE("graph: a graph in order is valid", "[face]") {
    CHECK_NOTHROW(validate(good_graph()));
}

TEST_CASE("graph: whatever does not fit is refused as a shape mismatch", "[face]") {
    const std::vector<std::pair<std::string, std::function<void(Graph&)>>> changes{
        {"no nodes", [](Graph& g) { g.nodes.clear(); }},
        {"no input", [](Graph& g) { g.nodes[0] = convolution(0, 3, 4, 3); }},
        {"two inputs", [](Graph& g) { g.nodes[2] = node(Graph::Op::input, {}, 4); }},
        {"no output", [](Graph& g) { g.outputs.clear(); }},
        {"an output that is not there", [](Graph& g) { g.outputs = {5}; }},
        {"a negative output", [](Graph& g) { g.outputs = {-1}; }},
        {"a reference forward", [](Graph& g) { g.nodes[2].inputs = {3}; }},
        {"a reference to itself", [](Graph& g) { g.nodes[2].inputs = {2}; }},
        {"a negative reference", [](Graph& g) { g.nodes[2].inputs = {-1}; }},
        {"a pool of two",
         [](Graph& g) {
             g.nodes[2].inputs = {1, 1};
         }},
        {"an addition of one", [](Graph& g) { g.nodes[3].inputs = {1}; }},
        {"an addition of three",
         [](Graph& g) {
             g.nodes[3].inputs = {1, 2, 1};
         }},
        {"an empty concatenation", [](Graph& g) { g.nodes[4].inputs.clear(); }},
        {"a concatenation of other channels", [](Graph& g) { g.nodes[4].channels = 7; }},
        {"an addition of other channels", [](Graph& g) { g.nodes[3].channels = 3, g.nodes[4].channels = 7; }},
        {"a pool that changes channels", [](Graph& g) { g.nodes[2].channels = 5; }},
        {"too few weights", [](Graph& g) { g.nodes[1].weights.pop_back(); }},
        {"too many weights", [](Graph& g) { g.nodes[1].weights.push_back(0); }},
        {"a bias of another size", [](Graph& g) { g.nodes[1].bias.pop_back(); }},
        {"groups that divide nothing", [](Graph& g) { g.nodes[1].groups = 2; }},
        {"no groups", [](Graph& g) { g.nodes[1].groups = 0; }},
        {"no stride", [](Graph& g) { g.nodes[1].stride_px = 0; }},
        {"no kernel", [](Graph& g) { g.nodes[1].kernel_px = 0; }},
        {"no dilation", [](Graph& g) { g.nodes[1].dilation = 0; }},
        {"negative padding", [](Graph& g) { g.nodes[1].padding_px = -1; }},
        {"no channels", [](Graph& g) { g.nodes[0].channels = 0; }},
    };
    for (const auto& [name, change] : changes) {
        INFO(name);
        Graph graph = good_graph();
        change(graph);
        try {
            validate(graph);
            FAIL_CHECK("no error was thrown");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::model_shape_mismatch);
        }
    }
}
