#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "findme/export.hpp"
#include "findme/ids.hpp"

namespace findme {

namespace db {
class Database;
}

/// A file that shared runs have given up.
struct DeadJob {
    std::string path;           ///< Absolute; bytes.
    std::int64_t attempts = 0;  ///< How often it was begun.
    std::string error;          ///< Why it came to nothing the last time.
};

/// What shared runs (IndexRequest::shared) have before them in one event.
struct QueueStatus {
    std::int64_t ready = 0;    ///< Wait for a worker.
    std::int64_t leased = 0;   ///< A worker is at them.
    std::int64_t expired = 0;  ///< A worker was at them, and gave no sign of life in time.
    std::int64_t dead = 0;     ///< Given up.
    /// How long the oldest one that is not dead has been there.
    std::optional<std::chrono::milliseconds> oldest;
    std::vector<DeadJob> given_up;  ///< Those that are dead, in order of path.
};

/// The queue of shared runs, as people look at it. Thread-safe.
class FINDME_API Queue {
  public:
    /// @param actor  who is at work, for the audit.
    explicit Queue(std::shared_ptr<db::Database> database, std::string actor = "library");
    ~Queue();

    [[nodiscard]] QueueStatus status(EventId event);
    /// Puts what was given up back into the queue; the next shared run works on it.
    /// @return how many files.
    std::int64_t retry(EventId event);
    /// Takes out of the queue whatever nobody is at work on. A shared run over its folder finds it again.
    /// @return how many files.
    std::int64_t cancel(EventId event);

  private:
    std::shared_ptr<db::Database> database_;
    std::string actor_;
};

}  // namespace findme
