#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>

namespace findme::ops {

/// The connections of a server, and since when each owes it a request or is owed an answer.
/// @threads  all of it, from several at once.
class ConnectionTable {
  public:
    using Clock = std::chrono::steady_clock;

    /// @param key  whatever tells connections apart.
    void add(const void* key, int descriptor);
    /// Before its descriptor is closed: from then on the number may be another's.
    void remove(const void* key);
    /// A whole answer was sent, and the next request may come.
    void rest(const void* key);
    [[nodiscard]] std::size_t size() const;
    /// Ends the connections that have been at one request since before `begin`. @return how many.
    std::size_t end_older_than(Clock::time_point begin);
    /// Waits until none is at a request; those that rest between two do not count.
    void wait_for_rest(std::chrono::milliseconds patience);

  private:
    struct Entry {
        int descriptor = -1;
        Clock::time_point since;
        bool resting = false;
        bool ended = false;
    };

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<const void*, Entry> entries_;
};

}  // namespace findme::ops
