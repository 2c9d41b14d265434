#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/ids.hpp"
#include "findme/queue.hpp"
#include "store/path_version.hpp"

namespace findme::store {

/// A job is given up when it was taken so often: whoever had it died, or could not read its file.
inline constexpr std::int64_t kMostAttempts = 3;

/// Whose a job is, and the how manieth time it was taken: all that is written for a job names both, so that
/// one who lost it writes nothing.
struct JobClaim {
    std::int64_t job = 0;
    std::int64_t attempt = 0;
    std::string worker;
};

/// A job that was taken.
struct Job {
    JobClaim claim;
    PathVersion file;
};

/// What one worker works on: an event under a model, as far as its own folders reach.
struct JobScope {
    EventId event;
    ModelId model;
};

/// Paths from `first` up to, and without, `end`; bytes, in their order.
struct PathRange {
    std::string first;
    std::string end;
};

/// Which jobs are taken.
enum class JobKind {
    fresh,   ///< Nobody has tried them.
    failed,  ///< Somebody has, in vain, but not kMostAttempts times: or its lease ran out.
};

/// What became of files that were to be queued, each by its place among them; the others are queued.
struct QueuedFiles {
    std::vector<std::size_t> unchanged;  ///< Indexed already, at this size and time.
    std::vector<DeadJob> dead;           ///< Given up before, at this size and time.
};

/// How much is open in one range.
struct JobCounts {
    std::int64_t open = 0;       ///< Ready or leased.
    std::int64_t elsewhere = 0;  ///< Of them, leased to others.
};

/// The queue of shared runs. Only the database's clock counts, and nothing waits for a row that somebody else
/// is at. PostgreSQL alone, but for what forgets. Borrows the connection; one thread at a time.
/// @errors every call throws Error{store_*, constraint}.
class JobRepository {
  public:
    explicit JobRepository(db::Connection& connection) : connection_(connection) {}

    /// Queues those files that are not indexed as they are now, each once, in one transaction. A file that
    /// was given up is queued again when it has changed since.
    [[nodiscard]] QueuedFiles queue(const JobScope& scope, std::span<const PathVersion> files);

    /// Takes up to `limit` jobs in order of path, for `lease` from now on.
    [[nodiscard]] std::vector<Job> claim(const JobScope& scope, const PathRange& range, JobKind kind,
                                         std::int64_t limit, const std::string& worker,
                                         std::chrono::seconds lease);
    /// A sign of life: each claim that still holds lasts for `lease` from now on.
    /// @return how many hold, and are not about to be ended by another statement of this moment.
    std::int64_t renew(std::span<const JobClaim> claims, std::chrono::seconds lease);
    /// Gives up jobs that were tried as often as that and that nobody is at.
    [[nodiscard]] std::vector<DeadJob> bury(const JobScope& scope, const PathRange& range);

    enum class Tried { no, yes };
    /// Gives jobs back, for anybody to take at once. Of one that was not tried the attempt does not count.
    void release(std::span<const JobClaim> claims, Tried tried);
    /// Gives back what the worker holds without knowing it: it was never told, or forgot, what it took.
    /// @param known  what it knows of.
    void release_unknown(const JobScope& scope, const std::string& worker, std::span<const JobClaim> known);

    // Each ends a claim, in the caller's transaction. @return false when the claim no longer holds.
    /// The work is done: the job goes.
    [[nodiscard]] bool finish(const JobClaim& claim);
    /// The file cannot be indexed as it is.
    [[nodiscard]] bool give_up(const JobClaim& claim, const std::string& error);
    /// Back into the queue, for later.
    [[nodiscard]] bool postpone(const JobClaim& claim, std::chrono::milliseconds delay,
                                const std::string& error);

    [[nodiscard]] JobCounts count(const JobScope& scope, const PathRange& range, const std::string& worker);

    // For people: of an event under whatever model.
    [[nodiscard]] QueueStatus status(EventId event);
    /// Dead jobs become ready. @return how many.
    std::int64_t revive(EventId event);
    /// Removes every job that nobody is at work on. @return how many.
    std::int64_t cancel(EventId event);

  private:
    db::Connection& connection_;
};

}  // namespace findme::store
