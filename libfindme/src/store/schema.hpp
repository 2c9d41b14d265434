#pragma once

#include "db/connection.hpp"

namespace findme::store {

/// Whoever changes the schema of a database holds the lock of this name.
inline constexpr const char* kMigrationLock = "migrate";

/// Makes the schema of an empty database: all steps and their history in one transaction, so that a process
/// killed on the way leaves an empty database. Safe when several processes do it at once: one does, the
/// others find it done. A database that holds anything is left alone.
void initialise_schema(db::Connection& connection);

/// @errors throws Error{schema_outdated} (subject: the version found) when steps are missing or the database
/// was
///         not made by findme, Error{schema_too_new} when it knows steps that this binary does not.
void require_current_schema(db::Connection& connection);

/// True when the database holds no table at all.
[[nodiscard]] bool is_empty(db::Connection& connection);

}  // namespace findme::store
