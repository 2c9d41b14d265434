#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"

/// What refers to a table, as the live schema says: an adopted database holds tables that no migration makes.
namespace findme::store {

/// A column with a foreign key.
struct Reference {
    std::string table;
    std::string column;
    std::string on_delete;  ///< `CASCADE`, `SET NULL`, `SET DEFAULT`, `RESTRICT` or `NO ACTION`.
    bool required = false;  ///< NOT NULL.
};

/// A name of the catalog as SQL takes it.
[[nodiscard]] std::string quoted_identifier(std::string_view name);

/// Foreign keys of one column to the table, in order of table and column.
[[nodiscard]] std::vector<Reference> references_to(db::Connection& connection, std::string_view table);
/// Rows that refer to this id.
[[nodiscard]] std::int64_t count_rows(db::Connection& connection, const Reference& reference,
                                      std::int64_t id);

/// The rows whose `column` is `id`, as a JSON array with one object per row, its keys in the order of the
/// table's columns. Bytes are hexadecimal text; columns that are hidden read "(not shown)".
/// @param table  as the catalog has it, like column: both become SQL.
[[nodiscard]] std::string rows_as_json(db::Connection& connection, const std::string& table,
                                       const std::string& column, std::int64_t id,
                                       std::span<const std::string> hidden_columns);

}  // namespace findme::store
