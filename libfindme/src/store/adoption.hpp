#pragma once

#include <span>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/migrate.hpp"
#include "store/migration.hpp"

namespace findme::store {

/// What an existing FindMe database is.
struct Fingerprint {
    std::string release;                ///< `v87`, `v88`, or what it is between.
    std::int64_t baseline = 0;          ///< All that the steps up to here make is there.
    std::vector<std::string> findings;  ///< A sentence each, for people.
};

/// @errors throws Error{schema_mismatch} when it is no FindMe database, saying which tables or columns it
/// lacks.
[[nodiscard]] Fingerprint fingerprint(db::Connection& connection);

/// @errors throws Error{schema_mismatch}, naming them, when the database has tables, columns or indexes of
/// its own
///         under the names that findme's steps use, or foreign keys that need what those steps take away.
void require_no_conflicts(db::Connection& connection, std::span<const Migration> migrations);

/// Accounts that the rules to come have no room for, as they will be when guests have their event.
[[nodiscard]] std::vector<DuplicateRows> find_duplicates(db::Connection& connection);

/// How the database differs from what the steps up to its baseline make, all of it accepted.
[[nodiscard]] std::vector<SchemaDifference> accepted_differences(db::Connection& connection,
                                                                 std::span<const Migration> migrations,
                                                                 std::int64_t baseline);

/// The record of an adoption, as one transactional step: history table, baseline rows, accepted differences,
/// and outstanding reset tokens made void.
[[nodiscard]] PlannedStep adoption_record(db::Connection& connection, const Fingerprint& fingerprint,
                                          std::span<const Migration> migrations,
                                          std::span<const SchemaDifference> accepted);

/// What was accepted when the database was adopted; nothing where it was not.
[[nodiscard]] std::vector<SchemaDifference> recorded_differences(db::Connection& connection);

}  // namespace findme::store
