#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/monotonic.hpp"
#include "db/connection.hpp"
#include "store/job_repository.hpp"

namespace findme::ingest {

/// Longer than the largest photo takes on the slowest machine: what is at work since then hangs, say in a
/// read from a server of files that is gone.
inline constexpr std::chrono::minutes kLongestWork{15};

/// How often signs of life are given: one may fail to arrive, and the next one comes in time.
[[nodiscard]] std::chrono::milliseconds pause_between_signs(std::chrono::seconds lease);

/// The claims that a shared run holds: a thread gives signs of life for them as long as this lives, but not
/// for one that has been held for `longest_work`: others may take that photo over. Borrows the database;
/// thread-safe.
class Leases {
  public:
    Leases(db::Database& database, std::chrono::seconds lease,
           std::chrono::seconds longest_work = kLongestWork, base::Monotonic clock = base::monotonic());
    Leases(const Leases&) = delete;
    Leases& operator=(const Leases&) = delete;
    ~Leases() = default;

    /// Of one that is held already: from now on.
    void add(const store::JobClaim& claim);
    void remove(const store::JobClaim& claim);
    /// All, also those that get no sign of life any more.
    [[nodiscard]] std::vector<store::JobClaim> held();

  private:
    using Time = std::chrono::steady_clock::time_point;
    struct Held {
        store::JobClaim claim;
        Time since;
    };

    [[nodiscard]] std::vector<store::JobClaim> held_since(Time earliest);
    void keep(const std::stop_token& stop);
    [[nodiscard]] bool renew() noexcept;

    db::Database& database_;
    std::chrono::seconds lease_;
    std::chrono::seconds longest_work_;
    base::Monotonic clock_;
    std::mutex mutex_;
    std::map<std::int64_t, Held> claims_;  ///< By job.
    std::jthread thread_;                  ///< Last: it uses all of the above.
};

}  // namespace findme::ingest
