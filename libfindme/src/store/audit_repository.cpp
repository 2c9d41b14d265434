#include "store/audit_repository.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "base/hash.hpp"
#include "findme/error.hpp"
#include "store/columns.hpp"
#include "store/schema_history.hpp"

namespace findme::store {
namespace {

/// A field behind its length, so that no character of it can be taken for a border.
void add_field(std::string& text, std::string_view field) {
    text += std::to_string(field.size());
    text += ':';
    text += field;
}

AuditEntry read_entry(const db::Row& row) {
    AuditEntry entry;
    entry.id = row.integer(0);
    entry.at = read_time(row, 1).value_or(Timestamp{});
    entry.actor = row.text(2);
    entry.action = row.text(3);
    entry.subject = row.text(4);
    entry.detail = row.text(5);
    entry.hash = read_hash(row, 6);
    return entry;
}

}  // namespace

ContentHash AuditRepository::hash_of(const AuditEntry& entry, const ContentHash& before) {
    std::string text(before.begin(), before.end());
    add_field(text, std::to_string(entry.id));
    add_field(text, to_iso8601(entry.at));
    for (const auto* field : {&entry.actor, &entry.action, &entry.subject, &entry.detail})
        add_field(text, *field);
    return base::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

bool AuditRepository::is_there() {
    const auto tables = table_names(connection_);
    const auto holds = [&](const char* name) {
        return std::find(tables.begin(), tables.end(), name) != tables.end();
    };
    return holds("audit_log") && holds("audit_head");
}

AuditEntry AuditRepository::append(const AuditRecord& record) {
    // Takes the lock that orders all writers, before the chain's end is read.
    connection_.run("UPDATE audit_head SET last_id = last_id + 1 WHERE id = 1");
    const AuditAnchor end = head();
    AuditEntry entry{end.id, connection_.now(), record.actor, record.action, record.subject, record.detail,
                     {}};
    entry.hash = hash_of(entry, end.hash);
    connection_.run(
        "INSERT INTO audit_log (id, at, actor, action, subject, detail, hash) VALUES ($1, $2, $3, $4, $5, "
        "$6, $7)",
        {entry.id, to_iso8601(entry.at), entry.actor, entry.action, entry.subject, entry.detail,
         to_bytes(entry.hash)});
    connection_.run("UPDATE audit_head SET hash = $1 WHERE id = 1", {to_bytes(entry.hash)});
    return entry;
}

AuditAnchor AuditRepository::head() {
    std::optional<AuditAnchor> head;
    connection_.run("SELECT last_id, hash FROM audit_head WHERE id = 1", {}, [&](const db::Row& row) {
        head = AuditAnchor{row.integer(0), read_hash(row, 1)};
    });
    if (!head)
        throw Error(
            ErrorCode::store_corrupt,
            "the database is damaged: the end of the audit is not written down (restore it from a backup)");
    return *head;
}

std::vector<AuditEntry> AuditRepository::list(const AuditQuery& query) {
    std::string where = "WHERE id > $1";
    std::vector<db::Value> parameters{
        query.after, query.limit > 0 ? query.limit : std::numeric_limits<std::int64_t>::max()};
    const auto next = [&](db::Value value) {
        parameters.push_back(std::move(value));
        return "$" + std::to_string(parameters.size());
    };
    if (!query.subject.empty()) where += " AND subject = " + next(query.subject);
    if (query.action.ends_with('.')) {
        where += " AND substr(action, 1, " + next(static_cast<std::int64_t>(query.action.size())) +
                 ") = " + next(query.action);
    } else if (!query.action.empty()) {
        where += " AND action = " + next(query.action);
    }
    std::vector<AuditEntry> entries;
    connection_.run("SELECT id, at, actor, action, subject, detail, hash FROM audit_log " + where +
                        " ORDER BY id LIMIT $2",
                    parameters, [&](const db::Row& row) { entries.push_back(read_entry(row)); });
    return entries;
}

}  // namespace findme::store
