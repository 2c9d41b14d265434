#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "face/network.hpp"
#include "findme/error.hpp"

using namespace findme;
using namespace findme::face;

namespace {

Graph small_graph() {
    Graph graph;
    Graph::Node input;
    input.channels = 1;
    Graph::Node pool;
    pool.op = Graph::Op::max_pool;
    pool.inputs = {0};
    pool.channels = 1;
    pool.kernel_px = 2;
    pool.stride_px = 2;
    graph.nodes = {input, pool};
    graph.outputs = {1};
    return graph;
}

}  // namespace

TEST_CASE("network cache: a size is compiled once while it is kept", "[face]") {
    NetworkCache cache(small_graph(), 2, Precision::f32);
    const auto first = cache.get(1, 4, 6);
    CHECK(first->input_shape().height == 4);
    CHECK(first->input_shape().width == 6);
    CHECK(cache.get(1, 4, 6) == first);
    CHECK(cache.get(1, 6, 4) != first);
    CHECK(cache.get(2, 4, 6)->input_shape().batch == 2);
}

TEST_CASE("network cache: the size not used for longest goes first, and lives on where it is still in use",
          "[face]") {
    NetworkCache cache(small_graph(), 2, Precision::f32);
    const auto a = cache.get(1, 2, 2);
    std::weak_ptr<const Network> b = cache.get(1, 4, 4);
    CHECK(cache.get(1, 2, 2) == a);  // a is newer than b now.
    const auto c = cache.get(1, 6, 6);
    CHECK(b.expired());
    CHECK(cache.get(1, 2, 2) == a);
    CHECK(cache.get(1, 6, 6) == c);
    static_cast<void>(cache.get(1, 8, 8));
    CHECK(a->output_shape(0).height == 1);
    CHECK(cache.get(1, 2, 2) != a);
}

TEST_CASE("network cache: a capacity of nothing keeps one", "[face]") {
    NetworkCache cache(small_graph(), 0, Precision::f32);
    const auto first = cache.get(1, 2, 2);
    CHECK(cache.get(1, 2, 2) == first);
}

TEST_CASE("network cache: a size that does not fit is refused and not kept", "[face]") {
    NetworkCache cache(small_graph(), 2, Precision::f32);
    CHECK_THROWS_AS(cache.get(1, 1, 1), Error);
    CHECK_THROWS_AS(cache.get(1, 1, 1), Error);
    CHECK_NOTHROW(cache.get(1, 2, 2));
}

TEST_CASE("network cache: threads that ask for one size at once get one network", "[face]") {
    NetworkCache cache(small_graph(), 4, Precision::f32);
    std::vector<std::shared_ptr<const Network>> got(4);
    std::vector<std::thread> threads;
    for (auto& network : got) threads.emplace_back([&cache, &network] { network = cache.get(1, 32, 32); });
    for (auto& thread : threads) thread.join();
    for (const auto& network : got) CHECK(network == got.front());
}
