#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "findme/clock.hpp"
#include "findme/export.hpp"
#include "findme/ids.hpp"

namespace findme {

namespace db {
class Database;
}

/// Who did what to which id, when. Ids only: no name, no e-mail, no secret.
struct AuditEntry {
    std::int64_t id = 0;  ///< Counts up by one from 1, without gaps.
    Timestamp at;
    std::string actor;    ///< Who, as Services::actor says it.
    std::string action;   ///< As in `user.add`, `login.refused`.
    std::string subject;  ///< As in `user:12`; empty when there is none.
    std::string detail;   ///< `key=value` words, as in `rule=wrong_password`; may be empty.
    ContentHash hash{};   ///< SHA-256 over this entry and the hash before it.
};

struct AuditQuery {
    std::int64_t after = 0;  ///< Entries with a higher id.
    std::int64_t limit = 0;  ///< At most so many; 0: all.
    std::string subject;     ///< Of this subject alone; empty: of all.
    std::string action;      ///< Of this action, or of a group as in `user.`; empty: of all.
};

/// An entry as somebody noted it down elsewhere: it cannot be replaced without being noticed.
struct AuditAnchor {
    std::int64_t id = 0;
    ContentHash hash{};
};

/// What walking the whole chain found.
struct AuditCheck {
    std::int64_t entries = 0;  ///< Good ones, from the first on.
    AuditAnchor head;          ///< The last good one: note it down elsewhere, and ask for it next time.
    /// The first thing wrong, as a sentence that names the entry; empty when the chain is whole.
    std::string damage;
    [[nodiscard]] bool good() const noexcept { return damage.empty(); }
};

/// The audit of one database; it is only ever added to, by the services themselves. Thread-safe.
class FINDME_API Audit {
  public:
    explicit Audit(std::shared_ptr<db::Database> database);
    ~Audit();

    /// In order of id.
    /// @errors throws Error{store_*}.
    [[nodiscard]] std::vector<AuditEntry> list(const AuditQuery& query);
    /// Recomputes every hash, from the first entry to the last.
    /// @param anchor  also insists that this entry is still there, unchanged.
    /// @errors throws Error{store_*}; a broken chain is no error but the answer.
    [[nodiscard]] AuditCheck verify(const std::optional<AuditAnchor>& anchor = std::nullopt);

  private:
    std::shared_ptr<db::Database> database_;
};

}  // namespace findme
