#include "store/health_repository.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "store/migration.hpp"
#include "store/schema_history.hpp"

namespace findme::store {
namespace {

/// A table of so many rows is counted in some ten milliseconds.
constexpr std::int64_t kCountedRows = 100'000;

struct CountedTable {
    std::string_view name;
    const char* count;
    const char* count_few;  ///< No more than kCountedRows and one.
};

constexpr CountedTable kUsers{"users", "SELECT count(*) FROM users",
                              "SELECT count(*) FROM (SELECT 1 FROM users LIMIT $1) rows"};
constexpr CountedTable kEvents{"events", "SELECT count(*) FROM events",
                               "SELECT count(*) FROM (SELECT 1 FROM events LIMIT $1) rows"};
constexpr CountedTable kPhotos{"photos", "SELECT count(*) FROM photos",
                               "SELECT count(*) FROM (SELECT 1 FROM photos LIMIT $1) rows"};
constexpr CountedTable kFaces{"faces", "SELECT count(*) FROM faces",
                              "SELECT count(*) FROM (SELECT 1 FROM faces LIMIT $1) rows"};

bool holds(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> user_columns(db::Connection& connection) {
    std::vector<std::string> names;
    connection.run(connection.dialect() == db::Dialect::sqlite
                       ? "SELECT name FROM pragma_table_info('users')"
                       : "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('users')"
                         " AND attnum > 0 AND NOT attisdropped",
                   {}, [&](const db::Row& row) { names.push_back(row.text(0)); });
    return names;
}

/// Indexes of `users`: name, and whether it is one that keeps rows unique.
void read_indexes(db::Connection& connection, HealthFacts& facts) {
    constexpr std::array<std::string_view, 2> kEventRules{"users_email_event_unique",
                                                          "users_username_event_unique"};
    constexpr std::array<std::string_view, 4> kOldRules{"users_email_key", "users_username_key",
                                                        "ix_users_email", "ix_users_username"};
    const auto visit = [&](const db::Row& row) {
        const std::string name = row.text(0);
        const bool keeps_unique = row.integer(1) != 0;
        if (keeps_unique && std::find(kEventRules.begin(), kEventRules.end(), name) != kEventRules.end())
            facts.event_rules.push_back(name);
        if (std::find(kOldRules.begin(), kOldRules.end(), name) != kOldRules.end())
            facts.old_rules.push_back(name);
    };
    connection.run(connection.dialect() == db::Dialect::sqlite
                       ? "SELECT name, \"unique\" FROM pragma_index_list('users') ORDER BY name"
                       : "SELECT c.relname, CAST(x.indisunique AND x.indisvalid AS integer)"
                         " FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
                         " WHERE x.indrelid = to_regclass('users') ORDER BY c.relname",
                   {}, visit);
}

std::optional<std::int64_t> count_of(db::Connection& connection, const std::vector<std::string>& tables,
                                     const CountedTable& table) {
    if (!holds(tables, table.name)) return std::nullopt;
    std::int64_t rows = 0;
    const auto read = [&](const db::Row& row) { rows = row.integer(0); };
    if (connection.dialect() == db::Dialect::sqlite) {
        connection.run(table.count, {}, read);
        return rows;
    }
    connection.run("SELECT CAST(reltuples AS bigint) FROM pg_class WHERE oid = to_regclass($1)",
                   {std::string(table.name)}, read);
    if (rows > kCountedRows) return rows;
    const std::int64_t estimate = rows;
    connection.run(table.count_few, {kCountedRows + 1}, read);
    // More than the server remembers from its last ANALYZE, or it had none.
    return std::max(rows, estimate);
}

}  // namespace

HealthFacts read_health_facts(db::Connection& connection) {
    HealthFacts facts;
    const auto applied = applied_versions(connection);
    const auto known = std::ssize(embedded_files(connection.dialect()));
    facts.schema_version = applied.empty() ? 0 : applied.back();
    facts.schema_current = facts.schema_version == known && std::ssize(applied) == known;
    facts.has_event_id = holds(user_columns(connection), "event_id");
    read_indexes(connection, facts);
    return facts;
}

RowCounts count_rows(db::Connection& connection) {
    const auto tables = table_names(connection);
    RowCounts counts;
    counts.users = count_of(connection, tables, kUsers);
    counts.events = count_of(connection, tables, kEvents);
    counts.photos = count_of(connection, tables, kPhotos);
    counts.faces = count_of(connection, tables, kFaces);
    return counts;
}

std::optional<SampleUser> sample_user(db::Connection& connection) {
    std::optional<SampleUser> user;
    if (!holds(user_columns(connection), "username")) return user;
    const auto read = [&](const db::Row& row) {
        user = {row.text(0), row.is_null(1) ? std::nullopt : std::optional(row.integer(1))};
    };
    connection.run(holds(user_columns(connection), "event_id")
                       ? "SELECT username, event_id FROM users ORDER BY id LIMIT 1"
                       : "SELECT username, CAST(NULL AS integer) FROM users ORDER BY id LIMIT 1",
                   {}, read);
    return user;
}

void touch(db::Connection& connection) {
    // The number that every change of a schema counts up is in the first page of the file.
    connection.run(connection.dialect() == db::Dialect::sqlite ? "PRAGMA schema_version" : "SELECT 1", {},
                   [](const db::Row&) {});
}

}  // namespace findme::store
