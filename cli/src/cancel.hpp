#pragma once

#include <atomic>
#include <csignal>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace findme::cli {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP asks for a clean stop and says so; the second one ends
/// the process at once. Signals are taken by a thread of its own; one that reaches a thread which was there
/// before the guard, and blocks nothing, is passed on to it, and no more is done in the handler.
class SignalGuard {
  public:
    /// @param message  written to the standard error at the first signal; empty: nothing is.
    /// @param stop     what the first signal asks to stop; others may ask it too.
    explicit SignalGuard(std::string message, std::stop_source stop = std::stop_source());
    SignalGuard(const SignalGuard&) = delete;
    SignalGuard& operator=(const SignalGuard&) = delete;
    ~SignalGuard();

    [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
    /// The signal that came, or 0.
    [[nodiscard]] int signal() const { return signal_; }

  private:
    void wait_for_signals();

    std::string message_;
    sigset_t taken_{};                                       ///< What it waits for.
    sigset_t before_{};                                      ///< The thread's mask as it was.
    std::vector<std::pair<int, struct sigaction>> actions_;  ///< By signal, as they were.
    std::stop_source stop_;
    std::atomic<int> signal_{0};
    std::atomic<bool> done_{false};
    std::thread thread_;
};

/// Ends the process by this signal's default action, so that the caller's shell sees what happened.
[[noreturn]] void die_by(int signal);

}  // namespace findme::cli
