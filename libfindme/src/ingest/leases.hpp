#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "db/connection.hpp"
#include "store/job_repository.hpp"

namespace findme::ingest {

/// The claims that a shared run holds: a thread gives signs of life for them as long as this lives. Borrows
/// the database; thread-safe.
class Leases {
  public:
    Leases(db::Database& database, std::chrono::seconds lease);
    Leases(const Leases&) = delete;
    Leases& operator=(const Leases&) = delete;
    ~Leases() = default;

    void add(const store::JobClaim& claim);
    void remove(const store::JobClaim& claim);
    [[nodiscard]] std::vector<store::JobClaim> held();

  private:
    void keep(const std::stop_token& stop);
    [[nodiscard]] bool renew() noexcept;

    db::Database& database_;
    std::chrono::seconds lease_;
    std::mutex mutex_;
    std::map<std::int64_t, store::JobClaim> claims_;  ///< By job.
    std::jthread thread_;                             ///< Last: it uses all of the above.
};

}  // namespace findme::ingest
