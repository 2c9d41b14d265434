#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"

namespace findme::store {

/// One versioned step: `migrations/<dialect>/NNNN_name.up.sql` with its `.down.sql`.
struct Migration {
    std::int64_t version = 0;
    std::string name;
    std::string up_sql;
    std::string down_sql;
};

/// What the generated source holds.
struct EmbeddedMigration {
    std::int64_t version = 0;
    std::string_view name;
    std::string_view up_sql;
    std::string_view down_sql;
};
/// In order of version; defined by the generated source.
[[nodiscard]] std::span<const EmbeddedMigration> embedded_files(db::Dialect dialect);

/// The steps of this binary, in order of version.
[[nodiscard]] std::vector<Migration> embedded_migrations(db::Dialect dialect);

/// The steps of a folder, in order of version.
/// @errors throws Error{config_invalid} for a folder without steps, a bad name, a gap, a double, or a step
///         without its other half; Error{file_unreadable}.
[[nodiscard]] std::vector<Migration> load_migrations(const std::string& folder);

/// The SQL without its byte order mark, with CRLF and CR as LF: the same file checked out anywhere is the
/// same text. This is what is hashed, and what is sent.
[[nodiscard]] std::string normalised_sql(std::string_view sql);

/// SHA-256 of normalised_sql() in hexadecimal; the history calls the algorithm `sha256-lf`.
[[nodiscard]] std::string migration_checksum(std::string_view sql);

}  // namespace findme::store
