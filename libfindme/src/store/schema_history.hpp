#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/clock.hpp"
#include "store/migration.hpp"

namespace findme::store {

/// A row of `findme_schema_history`. Of a step that was not run, because an adopted database had it already,
/// the algorithm is kBaselineAlgorithm.
struct HistoryRow {
    std::int64_t version = 0;
    std::string name;
    std::string checksum;
    std::string checksum_algorithm;
    std::optional<Timestamp> applied_at;
    std::string applied_by;
    std::int64_t execution_ms = 0;

    [[nodiscard]] bool is_baseline() const;
};

inline constexpr const char* kChecksumAlgorithm = "sha256-lf";
inline constexpr const char* kBaselineAlgorithm = "sha256-lf baseline";

/// In order of version; empty where there is no history.
[[nodiscard]] std::vector<HistoryRow> read_history(db::Connection& connection);
/// The versions alone: what every command asks before it begins.
[[nodiscard]] std::vector<std::int64_t> applied_versions(db::Connection& connection);
[[nodiscard]] bool has_history(db::Connection& connection);
/// Names of all tables of the schema, the history's too.
[[nodiscard]] std::vector<std::string> table_names(db::Connection& connection);

/// SQL as it is sent, each one statement ended by `;`. Times are the database's own, so that the text of a
/// plan does not depend on when it is run.
[[nodiscard]] std::string create_history_sql(db::Dialect dialect);
[[nodiscard]] std::string drop_history_sql();
/// The whole row of a step that takes no time. @param algorithm  one of the two above.
[[nodiscard]] std::string insert_history_sql(db::Dialect dialect, const Migration& migration,
                                             const std::string& algorithm);
/// What a step sends first and last: between them it is timed, and together they write its row.
[[nodiscard]] std::string begin_history_sql(db::Dialect dialect, const Migration& migration);
[[nodiscard]] std::string finish_history_sql(db::Dialect dialect, const Migration& migration);
[[nodiscard]] std::string delete_history_sql(std::int64_t version);
[[nodiscard]] std::string update_checksum_sql(const Migration& migration);

/// A text as an SQL literal: names of steps and objects come from files.
[[nodiscard]] std::string sql_literal(std::string_view text);

}  // namespace findme::store
