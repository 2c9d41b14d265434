#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/erasure.hpp"
#include "findme/ids.hpp"

namespace findme::store {

/// A question that an erasure answers with zero.
struct ErasureProof {
    std::string table;
    std::string count_sql;
    std::vector<db::Value> parameters;
};

/// What an erasure takes, or would take, and how to look for it again.
struct Erasure {
    std::map<std::string, std::int64_t> found;  ///< Rows, by table.
    std::vector<ErasureProof> proofs;

    [[nodiscard]] std::int64_t total() const noexcept;
    void add(const Erasure& other);
};

/// `photos=10 faces=20`, as an entry of the audit has it; tables of which nothing was found are left out.
[[nodiscard]] std::string counts_text(const Erasure& erasure);

/// Takes accounts and events out of every table that refers to them, those of other programs included: what
/// the schema does by itself (ON DELETE) is left to it, the rest is done by name. Borrows the connection; one
/// thread at a time; transactions are the caller's, who holds the account or the event.
/// @errors every call throws Error{store_*, constraint}.
class ErasureRepository {
  public:
    explicit ErasureRepository(db::Connection& connection) : connection_(connection) {}

    [[nodiscard]] Erasure look_at_account(AccountId account);
    [[nodiscard]] Erasure remove_account(AccountId account);

    /// Codes of the events that are a photographer's, in order of id.
    [[nodiscard]] std::vector<std::string> events_of_photographer(AccountId photographer);
    /// @return how many.
    std::int64_t reassign_events(AccountId from, AccountId to);

    [[nodiscard]] Erasure look_at_event(EventId event);
    /// Removes `limit` guests, or photos, and only while there are more: the last ones go with the event.
    /// @return without any found when there was nothing to do.
    [[nodiscard]] Erasure remove_some_guests(EventId event, std::int64_t limit);
    [[nodiscard]] Erasure remove_some_photos(EventId event, std::int64_t limit);
    [[nodiscard]] Erasure remove_event(EventId event);

    /// @param unexpired  other events within their retention: their guests keep their selfies.
    [[nodiscard]] Erasure look_at_purge(EventId event, std::span<const EventId> unexpired);
    [[nodiscard]] Erasure purge(EventId event, std::span<const EventId> unexpired);

    /// Looks again, and has the bytes leave the database's own files (Connection::scrub). Outside of any
    /// transaction; doing it twice does no harm.
    [[nodiscard]] ErasureReceipt prove(const Erasure& erasure);

  private:
    db::Connection& connection_;
};

}  // namespace findme::store
