#pragma once

#include <atomic>
#include <chrono>

#include "base/monotonic.hpp"

namespace findme::testing {

/// Goes when it is told to. Outlives whoever reads it; thread-safe.
class ManualClock {
  public:
    ManualClock() = default;
    ManualClock(const ManualClock&) = delete;
    ManualClock& operator=(const ManualClock&) = delete;

    void advance(std::chrono::milliseconds by) { since_start_ms_ += by.count(); }
    [[nodiscard]] base::Monotonic reader() const {
        return [this] {
            constexpr std::chrono::hours kStart{1000};
            return std::chrono::steady_clock::time_point(kStart + std::chrono::milliseconds{since_start_ms_});
        };
    }

  private:
    std::atomic<std::chrono::milliseconds::rep> since_start_ms_{0};
};

}  // namespace findme::testing
