// Signals ask for a clean stop, whichever thread of the process they reach.
#include "cancel.hpp"

#include <pthread.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

using findme::cli::SignalGuard;

// A library that starts a thread as it is loaded (OpenBLAS does) has one that blocks no signal: the kernel
// chose it, and the first SIGTERM ended a run in the middle of its work.
TEST_CASE("signals: one that reaches a thread from before the guard asks for the same clean stop", "[cli]") {
    std::mutex mutex;
    std::condition_variable_any never;
    std::jthread earlier([&](const std::stop_token& stop) {
        std::unique_lock lock(mutex);
        never.wait(lock, stop, [] { return false; });
    });
    struct sigaction before {};
    REQUIRE(sigaction(SIGTERM, nullptr, &before) == 0);
    {
        const SignalGuard guard("");
        const int stop = SIGTERM;  // To this one thread, as the kernel may choose it: the guard passes it on.
        REQUIRE(pthread_kill(earlier.native_handle(), stop) == 0);
        std::mutex waiting;
        std::condition_variable_any still;
        std::unique_lock lock(waiting);
        still.wait(lock, guard.token(), [] { return false; });
        CHECK(guard.token().stop_requested());
        CHECK(guard.signal() == SIGTERM);
    }
    struct sigaction now {};
    REQUIRE(sigaction(SIGTERM, nullptr, &now) == 0);
    CHECK(now.sa_handler == before.sa_handler);
}
