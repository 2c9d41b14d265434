#include "face/workspace.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

using namespace findme::face;
using namespace std::chrono_literals;

TEST_CASE("workspace pool: no more are at work than it was made for", "[face]") {
    WorkspacePool pool(2);
    std::atomic<int> at_work{0};
    std::atomic<int> most{0};
    {
        std::vector<std::jthread> callers;
        for (int i = 0; i < 8; ++i) {
            callers.emplace_back([&] {
                for (int run = 0; run < 5; ++run) {
                    const auto workspace = pool.take();
                    const int now = ++at_work;
                    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                    }
                    std::this_thread::sleep_for(1ms);
                    --at_work;
                }
            });
        }
    }
    CHECK(most <= 2);
}

TEST_CASE("workspace pool: what one caller had is the next one's", "[face]") {
    WorkspacePool pool(2);
    const Workspace* first = nullptr;
    {
        const auto earlier = pool.take();
        first = earlier.get();
    }
    const auto one = pool.take();
    const auto other = pool.take();
    CHECK(one.get() == first);
    CHECK(other.get() != first);
}

TEST_CASE("workspace pool: one for none at all is one for one", "[face]") {
    WorkspacePool pool(0);
    const auto workspace = pool.take();
    CHECK(workspace->at_least(10).size() >= 10);
}
