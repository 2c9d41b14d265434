#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "db/connection.hpp"
#include "findme/migrate.hpp"
#include "store/migration.hpp"

namespace findme::store {

/// What the database knows of the steps.
/// @param name  of the database, safe to print.
[[nodiscard]] MigrationStatus migration_status(db::Connection& connection,
                                               std::span<const Migration> migrations,
                                               const std::string& name);

/// @errors throws Error{schema_mismatch} for an altered step, Error{schema_too_new} for an unknown one,
///         Error{schema_outdated} when the database is to be adopted first.
void require_plannable(const MigrationStatus& status);

/// The steps after `from`, as they would run on the database as it is now.
[[nodiscard]] MigrationPlan plan_up(db::Connection& connection, std::span<const Migration> migrations,
                                    const MigrationStatus& status, std::int64_t from);

/// The steps above `to`, highest first; `to` = 0 leaves an empty database, without a history.
/// @errors throws Error{invalid_argument} when `to` is below the baseline or no version to go down to.
[[nodiscard]] MigrationPlan plan_down(db::Connection& connection, std::span<const Migration> migrations,
                                      const MigrationStatus& status, std::int64_t to);

/// Gives the plan its id; called again after steps were added.
void seal(MigrationPlan& plan, const MigrationStatus& status);

/// Puts the statements of a step into the transaction it runs in.
void wrap_in_transaction(PlannedStep& step, db::Connection& connection);

/// Adds a statement to a step that is no transaction. One that works CONCURRENTLY waits for as long as it
/// takes: it holds up no writer, and what it waits for are transactions that began before.
void add_online(PlannedStep& step, db::Connection& connection, MigrationStatement statement);

/// What PostgreSQL is told before statements that lock tables: long enough to get a turn, and too short for
/// the writers who queue up behind to suffer; a step that gets no turn is tried again. It is a little more
/// than the server's deadlock_timeout, because that is when an autovacuum of the table gives way.
[[nodiscard]] std::string table_lock_timeout_sql(db::Connection& connection);

}  // namespace findme::store
