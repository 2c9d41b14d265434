#include "ingest/byte_budget.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <thread>
#include <vector>

using findme::ingest::ByteBudget;

TEST_CASE("byte budget: shares that fit are given at once and given back", "[ingest]") {
    ByteBudget budget(100);
    for (int round = 0; round < 3; ++round) {
        const ByteBudget::Share a(budget, 60);
        const ByteBudget::Share b(budget, 40);
    }
}

TEST_CASE("byte budget: one photo is always let in, however large", "[ingest]") {
    ByteBudget budget(100);
    const ByteBudget::Share large(budget, 1'000'000);
}

TEST_CASE("byte budget: an empty budget lets photos through one by one", "[ingest]") {
    ByteBudget budget(0);
    std::atomic<int> holders{0};
    std::atomic<int> most{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 200; ++round) {
                const ByteBudget::Share share(budget, 1);
                const int now = ++holders;
                if (now > most) most = now;
                --holders;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(most == 1);
}

TEST_CASE("byte budget: threads together never hold more than the limit", "[ingest]") {
    constexpr std::size_t kLimit = 100;
    ByteBudget budget(kLimit);
    std::atomic<std::size_t> held{0};
    std::atomic<bool> exceeded{false};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            for (std::size_t round = 0; round < 500; ++round) {
                const std::size_t bytes = 10 + (i * 17 + round * 7) % 60;
                const ByteBudget::Share share(budget, bytes);
                if ((held += bytes) > kLimit) exceeded = true;
                held -= bytes;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK_FALSE(exceeded);
}
