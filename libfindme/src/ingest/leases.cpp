#include "ingest/leases.hpp"

#include <algorithm>
#include <exception>
#include <stop_token>
#include <utility>

namespace findme::ingest {
namespace {

/// After one that did not arrive.
constexpr std::chrono::milliseconds kSoon{500};

}  // namespace

std::chrono::milliseconds pause_between_signs(std::chrono::seconds lease) {
    return std::max<std::chrono::milliseconds>(std::chrono::milliseconds(lease) / 3, kSoon);
}

Leases::Leases(db::Database& database, std::chrono::seconds lease, std::chrono::seconds longest_work,
               base::Monotonic clock)
    : database_(database),
      lease_(lease),
      longest_work_(longest_work),
      clock_(std::move(clock)),
      thread_([this](const std::stop_token& stop) { keep(stop); }) {}

void Leases::add(const store::JobClaim& claim) {
    const std::lock_guard lock(mutex_);
    claims_.insert_or_assign(claim.job, Held{claim, clock_()});
}

void Leases::remove(const store::JobClaim& claim) {
    const std::lock_guard lock(mutex_);
    const auto found = claims_.find(claim.job);
    // The same job may have been lost and taken once more meanwhile.
    if (found != claims_.end() && found->second.claim.attempt == claim.attempt) claims_.erase(found);
}

std::vector<store::JobClaim> Leases::held() {
    return held_since(Time::min());
}

std::vector<store::JobClaim> Leases::held_since(Time earliest) {
    const std::lock_guard lock(mutex_);
    std::vector<store::JobClaim> claims;
    claims.reserve(claims_.size());
    for (const auto& [job, held] : claims_)
        if (held.since >= earliest) claims.push_back(held.claim);
    return claims;
}

void Leases::keep(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    const auto regular = pause_between_signs(lease_);
    for (auto pause = regular; !stop.stop_requested(); pause = renew() ? regular : kSoon) {
        never.wait_for(lock, stop, pause, [] { return false; });
        if (stop.stop_requested()) return;
    }
}

bool Leases::renew() noexcept {
    try {
        const auto claims = held_since(clock_() - longest_work_);
        // A connection for the moment: threads of the run hold theirs no longer than this, so that one is
        // free soon. Nor is what was lost of interest here: it shows when the result is to be written.
        if (!claims.empty()) store::JobRepository(*database_.connect()).renew(claims, lease_);
        return true;
    } catch (const std::exception&) {
        return false;  // The database is away: whoever writes results says so.
    }
}

}  // namespace findme::ingest
