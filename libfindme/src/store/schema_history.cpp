#include "store/schema_history.hpp"

#include <algorithm>

#include "store/columns.hpp"

namespace findme::store {
namespace {

constexpr const char* kHistoryTable = "findme_schema_history";

const char* now_sql(db::Dialect dialect) {
    return dialect == db::Dialect::sqlite ? "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')" : "clock_timestamp()";
}

std::string insert_sql(db::Dialect dialect, const Migration& migration, const std::string& algorithm,
                       const std::string& milliseconds) {
    const char* role = dialect == db::Dialect::sqlite ? "NULL" : "current_user";
    return "INSERT INTO findme_schema_history"
           " (version, name, checksum, checksum_algorithm, applied_at, applied_by, execution_ms)\nVALUES (" +
           std::to_string(migration.version) + ", " + sql_literal(migration.name) + ", " +
           sql_literal(migration_checksum(migration.up_sql)) + ", " + sql_literal(algorithm) + ", " +
           now_sql(dialect) + ", " + role + ", " + milliseconds + ");";
}

}  // namespace

bool HistoryRow::is_baseline() const {
    return checksum_algorithm == kBaselineAlgorithm;
}

std::vector<std::string> table_names(db::Connection& connection) {
    std::vector<std::string> names;
    connection.run(connection.dialect() == db::Dialect::sqlite
                       ? "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
                         "ESCAPE '\\' ORDER BY name"
                       : "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
                   {}, [&](const db::Row& row) { names.push_back(row.text(0)); });
    return names;
}

bool has_history(db::Connection& connection) {
    const auto tables = table_names(connection);
    return std::find(tables.begin(), tables.end(), kHistoryTable) != tables.end();
}

std::vector<std::int64_t> applied_versions(db::Connection& connection) {
    std::vector<std::int64_t> versions;
    if (!has_history(connection)) return versions;
    connection.run("SELECT version FROM findme_schema_history ORDER BY version", {},
                   [&](const db::Row& row) { versions.push_back(row.integer(0)); });
    return versions;
}

std::vector<HistoryRow> read_history(db::Connection& connection) {
    std::vector<HistoryRow> rows;
    if (!has_history(connection)) return rows;
    connection.run(
        "SELECT version, name, checksum, checksum_algorithm, applied_at, applied_by, execution_ms"
        " FROM findme_schema_history ORDER BY version",
        {}, [&](const db::Row& row) {
            HistoryRow read;
            read.version = row.integer(0);
            read.name = row.text(1);
            read.checksum = row.text(2);
            read.checksum_algorithm = row.text(3);
            read.applied_at = read_time(row, 4);
            read.applied_by = read_text_or_empty(row, 5);
            read.execution_ms = row.integer(6);
            rows.push_back(std::move(read));
        });
    return rows;
}

std::string create_history_sql(db::Dialect dialect) {
    if (dialect == db::Dialect::sqlite) {
        return "CREATE TABLE IF NOT EXISTS findme_schema_history ("
               " version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
               " checksum_algorithm TEXT NOT NULL, applied_at TEXT NOT NULL, applied_by TEXT,"
               " execution_ms INTEGER NOT NULL) STRICT;";
    }
    return "CREATE TABLE IF NOT EXISTS findme_schema_history ("
           " version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
           " checksum_algorithm TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL, applied_by TEXT,"
           " execution_ms BIGINT NOT NULL);";
}

std::string drop_history_sql() {
    return "DROP TABLE findme_schema_history;";
}

std::string insert_history_sql(db::Dialect dialect, const Migration& migration,
                               const std::string& algorithm) {
    return insert_sql(dialect, migration, algorithm, "0");
}

std::string begin_history_sql(db::Dialect dialect, const Migration& migration) {
    // Where a session can remember when the step began, the row is written at the end.
    if (dialect == db::Dialect::sqlite) return insert_history_sql(dialect, migration, kChecksumAlgorithm);
    return "SELECT set_config('findme.step_began', clock_timestamp()::text, false);";
}

std::string finish_history_sql(db::Dialect dialect, const Migration& migration) {
    if (dialect == db::Dialect::sqlite) {
        return "UPDATE findme_schema_history SET execution_ms ="
               " CAST(round((julianday('now') - julianday(applied_at)) * 86400000) AS INTEGER) WHERE version "
               "= " +
               std::to_string(migration.version) + ";";
    }
    return insert_sql(dialect, migration, kChecksumAlgorithm,
                      "round(extract(epoch FROM clock_timestamp() -"
                      " current_setting('findme.step_began')::timestamptz) * 1000)");
}

std::string delete_history_sql(std::int64_t version) {
    return "DELETE FROM findme_schema_history WHERE version = " + std::to_string(version) + ";";
}

std::string update_checksum_sql(const Migration& migration) {
    return "UPDATE findme_schema_history SET checksum = " +
           sql_literal(migration_checksum(migration.up_sql)) + ", name = " + sql_literal(migration.name) +
           " WHERE version = " + std::to_string(migration.version) + ";";
}

std::string sql_literal(std::string_view text) {
    std::string literal = "'";
    for (const char c : text) literal += c == '\'' ? std::string("''") : std::string(1, c);
    return literal + "'";
}

}  // namespace findme::store
