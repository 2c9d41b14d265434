#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "db/connection.hpp"
#include "findme/clock.hpp"

namespace findme::store {

/// One versioned step, embedded in the binary from `migrations/<dialect>/NNNN_name.up.sql`.
struct Migration {
    std::int64_t version = 0;
    std::string_view name;
    std::string_view up_sql;
    std::string_view down_sql;
};

/// In order of version; defined by the generated source.
[[nodiscard]] std::span<const Migration> embedded_migrations(db::Dialect dialect);

/// SHA-256 in hexadecimal of the SQL after its byte order mark is dropped and CRLF and CR become LF: the same
/// file checked out anywhere has the same checksum.
[[nodiscard]] std::string migration_checksum(std::string_view sql);

/// Makes the schema of an empty database: every step and its history row in one transaction, so that a
/// process killed on the way leaves an empty database. Safe when several processes do it at once: one does,
/// the others find it done. A database that holds anything is left alone.
void initialise_schema(db::Connection& connection, const Clock& clock);

/// @errors throws Error{schema_outdated} (subject: the version found) when steps are missing or the database
/// was not
///         made by findme, Error{schema_too_new} when it knows steps that this binary does not.
void require_current_schema(db::Connection& connection);

/// True when the database holds no table at all.
[[nodiscard]] bool is_empty(db::Connection& connection);

}  // namespace findme::store
