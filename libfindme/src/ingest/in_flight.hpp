#pragma once

#include <deque>
#include <mutex>
#include <utility>

#include "ingest/photo_work.hpp"

namespace findme::ingest {

/// The photos between the walk and the writer, in the order of the walk. Owned here and not by TBB, which
/// loses what flows in a pipeline that ends by an exception. Thread-safe.
class InFlight {
  public:
    /// @return the photo's place, good until it is popped.
    [[nodiscard]] PhotoWork* push(PhotoWork work) {
        const std::lock_guard lock(mutex_);
        return &works_.emplace_back(std::move(work));
    }
    /// The first of the walk. Precondition: there is one.
    [[nodiscard]] PhotoWork pop() {
        const std::lock_guard lock(mutex_);
        PhotoWork first = std::move(works_.front());
        works_.pop_front();
        return first;
    }
    [[nodiscard]] bool empty() {
        const std::lock_guard lock(mutex_);
        return works_.empty();
    }
    /// Made at the border of a stage or a run. TBB orders what one stage writes before what the next one
    /// reads, but it is not built with the thread sanitizer, which believes in locks only; this one is hardly
    /// ever waited for.
    class Border {
      public:
        explicit Border(InFlight& in_flight) : in_flight_(in_flight) { touch(); }
        Border(const Border&) = delete;
        Border& operator=(const Border&) = delete;
        ~Border() { touch(); }

      private:
        void touch() { const std::lock_guard lock(in_flight_.mutex_); }
        InFlight& in_flight_;
    };

  private:
    std::mutex mutex_;
    std::deque<PhotoWork> works_;
};

}  // namespace findme::ingest
