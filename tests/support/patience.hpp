#pragma once

#include <chrono>
#include <thread>

namespace findme::testing {

/// FINDME_TEST_PATIENCE, read once: how many times longer than usual a test waits before it gives up; 1 when
/// it is not set. For machines that are slow or busy: whoever is patient loses nothing, for a test that
/// passes does not wait.
/// @errors throws std::runtime_error when it is no whole number of at least 1.
[[nodiscard]] int patience_factor();

/// How long a test waits for what has to come. Only a last resort, so that a test which fails also ends: it
/// waits for the event itself, and nothing may be concluded from how long that took.
template <typename Rep, typename Period>
[[nodiscard]] std::chrono::duration<Rep, Period> patience(std::chrono::duration<Rep, Period> usual) {
    return usual * patience_factor();
}

/// Whether something comes true before patience(usual) is over: the work of another thread, process or
/// server.
template <typename Condition>
[[nodiscard]] bool eventually(const Condition& is_true,
                              std::chrono::seconds usual = std::chrono::seconds{30}) {
    const auto deadline = std::chrono::steady_clock::now() + patience(usual);
    while (!is_true()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace findme::testing
