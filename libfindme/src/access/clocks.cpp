#include "access/clocks.hpp"

#include <chrono>

#include "db/retry.hpp"
#include "findme/error.hpp"

namespace findme::access {
namespace {

/// Less than any retention is, and far more than clocks that nobody touches drift apart.
constexpr std::chrono::milliseconds kTooFarApart = std::chrono::days{1};

}  // namespace

void require_agreed_clocks(db::Connection& connection, const Clock& clock) {
    if (connection.dialect() == db::Dialect::sqlite) return;
    const Timestamp here = clock.now();
    const Timestamp there = connection.now();
    if (std::chrono::abs(there - here) < kTooFarApart) return;
    throw Error({.code = ErrorCode::clocks_differ,
                 .message = "nothing was erased: this machine's clock says " + to_iso8601(here) +
                            " and the database's " + to_iso8601(there) +
                            "; set the one that is wrong right (timedatectl set-ntp true), then try again",
                 .retry = Retry::later});
}

void require_agreed_clocks(const Parts& parts) {
    db::run_retrying(*parts.database,
                     [&](db::Connection& connection) { require_agreed_clocks(connection, parts.clock); });
}

}  // namespace findme::access
