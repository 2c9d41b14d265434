#pragma once

#include <termios.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace findme::cli {

/// Ends a run that takes too long: first it asks, and where nobody heard or the stop does not come in time it
/// ends the process. A thread of its own waits, which takes no signals.
class TimeLimit {
  public:
    /// For what is at work to become whole.
    static constexpr std::chrono::seconds kGrace{5};

    /// @param ask  asks for a clean stop; false: nobody would hear it.
    /// @param end  called on the other thread, with the terminal as it was where it is ours; is to end the
    /// process.
    TimeLimit(std::chrono::seconds limit, std::function<bool()> ask, std::function<void()> end);
    TimeLimit(const TimeLimit&) = delete;
    TimeLimit& operator=(const TimeLimit&) = delete;
    ~TimeLimit();

    /// Whether the time is over.
    [[nodiscard]] bool has_passed() const { return has_passed_; }

  private:
    void watch();
    /// @return false when the run ended before.
    bool wait_for(std::chrono::seconds time);
    void restore_terminal() const;

    std::chrono::seconds limit_;
    std::function<bool()> ask_;
    std::function<void()> end_;
    std::atomic<bool> has_passed_{false};
    termios terminal_{};
    bool has_terminal_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false;
    std::thread thread_;
};

}  // namespace findme::cli
