#include "store/schema.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "findme/error.hpp"

namespace findme::store {
namespace {

constexpr std::string_view kHistoryTable = "findme_schema_history";

/// Types are all that differ.
std::string_view history_ddl(db::Dialect dialect) {
    switch (dialect) {
        case db::Dialect::sqlite:
            return "CREATE TABLE findme_schema_history ("
                   " version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
                   " checksum_algorithm TEXT NOT NULL, applied_at TEXT NOT NULL, applied_by TEXT,"
                   " execution_ms INTEGER NOT NULL) STRICT";
        case db::Dialect::postgresql:
            return "CREATE TABLE findme_schema_history ("
                   " version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
                   " checksum_algorithm TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL, applied_by TEXT,"
                   " execution_ms BIGINT NOT NULL)";
    }
    return {};
}

std::string_view table_names_query(db::Dialect dialect) {
    return dialect == db::Dialect::sqlite
               ? "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE "
                 "'\\'"
               : "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()";
}

std::vector<std::string> table_names(db::Connection& connection) {
    std::vector<std::string> names;
    connection.run(table_names_query(connection.dialect()), {},
                   [&](const db::Row& row) { names.push_back(row.text(0)); });
    return names;
}

std::vector<std::int64_t> applied_versions(db::Connection& connection) {
    const auto tables = table_names(connection);
    if (std::find(tables.begin(), tables.end(), kHistoryTable) == tables.end()) return {};
    std::vector<std::int64_t> versions;
    connection.run("SELECT version FROM findme_schema_history ORDER BY version", {},
                   [&](const db::Row& row) { versions.push_back(row.integer(0)); });
    return versions;
}

void apply(db::Connection& connection, const Migration& migration, const Clock& clock) {
    const auto started = std::chrono::steady_clock::now();
    connection.run_script(migration.up_sql);
    const std::chrono::milliseconds took =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    connection.run(
        "INSERT INTO findme_schema_history"
        " (version, name, checksum, checksum_algorithm, applied_at, applied_by, execution_ms)"
        " VALUES ($1, $2, $3, 'sha256-lf', $4, NULL, $5)",
        {migration.version, std::string(migration.name), migration_checksum(migration.up_sql),
         to_iso8601(clock.now()), std::int64_t{took.count()}});
}

}  // namespace

std::string migration_checksum(std::string_view sql) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (sql.starts_with(kByteOrderMark)) sql.remove_prefix(kByteOrderMark.size());
    std::vector<std::uint8_t> canonical;
    canonical.reserve(sql.size());
    for (std::size_t i = 0; i < sql.size(); ++i) {
        const bool before_line_feed = sql[i] == '\r' && i + 1 < sql.size() && sql[i + 1] == '\n';
        if (!before_line_feed) canonical.push_back(static_cast<std::uint8_t>(sql[i] == '\r' ? '\n' : sql[i]));
    }
    return to_hex(base::sha256(canonical));
}

bool is_empty(db::Connection& connection) {
    return table_names(connection).empty();
}

void initialise_schema(db::Connection& connection, const Clock& clock) {
    db::Transaction transaction(connection, db::Access::write);
    // Asked under the lock: whoever waited for it finds the work done.
    if (!is_empty(connection)) return;
    connection.run(history_ddl(connection.dialect()));
    for (const Migration& migration : embedded_migrations(connection.dialect()))
        apply(connection, migration, clock);
    transaction.commit();
}

void require_current_schema(db::Connection& connection) {
    const auto applied = applied_versions(connection);
    const auto known = embedded_migrations(connection.dialect());
    const std::string found = std::to_string(applied.empty() ? 0 : applied.back());
    for (const std::int64_t version : applied) {
        const bool is_known = std::any_of(known.begin(), known.end(), [&](const Migration& migration) {
            return migration.version == version;
        });
        if (is_known) continue;
        throw Error(ErrorCode::schema_too_new,
                    "the database has schema step " + std::to_string(version) +
                        ", which this findme does not know: use the newer findme that made it",
                    found);
    }
    if (applied.empty()) {
        throw Error(ErrorCode::schema_outdated,
                    "the database holds no findme schema: run `findme migrate` to make or adopt one", found);
    }
    if (applied.size() < known.size()) {
        throw Error(ErrorCode::schema_outdated,
                    "the database's schema is at step " + found + " and misses " +
                        std::to_string(known.size() - applied.size()) + " of " +
                        std::to_string(known.size()) + " steps: run `findme migrate`",
                    found);
    }
}

}  // namespace findme::store
