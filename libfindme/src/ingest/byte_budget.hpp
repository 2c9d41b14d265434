#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace findme::ingest {

/// Bounds the memory of decoded photos over all workers. One photo is always let in, however large: the
/// limits of the decoder bound that one. Thread-safe.
class ByteBudget {
  public:
    explicit ByteBudget(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

    /// A share of the budget, given back when it goes.
    class Share {
      public:
        Share(ByteBudget& budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {
            budget_.take(bytes_);
        }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { budget_.give_back(bytes_); }

      private:
        ByteBudget& budget_;
        std::size_t bytes_;
    };

  private:
    void take(std::size_t bytes) {
        std::unique_lock lock(mutex_);
        freed_.wait(lock, [&] { return used_bytes_ == 0 || used_bytes_ + bytes <= limit_bytes_; });
        used_bytes_ += bytes;
    }
    void give_back(std::size_t bytes) {
        {
            const std::lock_guard lock(mutex_);
            used_bytes_ -= bytes;
        }
        freed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable freed_;
    std::size_t limit_bytes_;
    std::size_t used_bytes_ = 0;
};

}  // namespace findme::ingest
