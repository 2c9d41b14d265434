#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <utility>

#include "base/monotonic.hpp"

namespace findme::ops {

/// The connections of a server, and since when each owes it a request or is owed an answer.
/// @threads  all of it, from several at once.
class ConnectionTable {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit ConnectionTable(base::Monotonic clock) : clock_(std::move(clock)) {}

    /// @param key  whatever tells connections apart.
    void add(const void* key, int descriptor);
    /// Before its descriptor is closed: from then on the number may be another's.
    void remove(const void* key);
    /// A whole answer was sent, and the next request may come.
    void rest(const void* key);
    [[nodiscard]] std::size_t size() const;
    /// Ends the connections that have been at one request for longer than that. @return how many.
    std::size_t end_older_than(std::chrono::milliseconds age);
    /// Waits until none is at a request; those that rest between two do not count.
    void wait_for_rest(std::chrono::milliseconds patience);

  private:
    struct Entry {
        int descriptor = -1;
        Time since;
        bool resting = false;
        bool ended = false;
    };

    base::Monotonic clock_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<const void*, Entry> entries_;
};

}  // namespace findme::ops
