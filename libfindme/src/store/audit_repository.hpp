#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/audit.hpp"

namespace findme::store {

/// What is to be said of one change.
struct AuditRecord {
    std::string actor;
    std::string action;
    std::string subject;
    std::string detail;
};

/// The chain of audit entries. Borrows the connection; one thread at a time.
/// @errors every call throws Error{store_*}.
class AuditRepository {
  public:
    explicit AuditRepository(db::Connection& connection) : connection_(connection) {}

    /// Whether the schema has come as far as an audit.
    [[nodiscard]] bool is_there();
    /// Adds an entry within the caller's writing transaction, as one of its last statements: all writers
    /// queue for the end of the chain.
    AuditEntry append(const AuditRecord& record);
    /// In order of id.
    [[nodiscard]] std::vector<AuditEntry> list(const AuditQuery& query);
    /// Where the chain ends; the hash of nothing (zeros) while it is empty.
    /// @errors throws Error{store_corrupt} when the row that says it is gone.
    [[nodiscard]] AuditAnchor head();

    /// SHA-256 over the hash before and every field with its length: no two entries have one serialisation.
    [[nodiscard]] static ContentHash hash_of(const AuditEntry& entry, const ContentHash& before);

  private:
    db::Connection& connection_;
};

}  // namespace findme::store
