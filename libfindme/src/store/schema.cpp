#include "store/schema.hpp"

#include <algorithm>
#include <string>

#include "findme/error.hpp"
#include "store/migration.hpp"
#include "store/migration_script.hpp"
#include "store/schema_history.hpp"

namespace findme::store {
namespace {

/// In an empty database nobody waits for a lock: what runs CONCURRENTLY elsewhere may run in the transaction.
void run_offline(db::Connection& connection, const Migration& migration) {
    connection.run_script(begin_history_sql(connection.dialect(), migration));
    const auto script = parse_migration_script(migration.up_sql, migration.name);
    for (const ScriptPiece& piece : script.pieces) connection.run_script(offline_sql(piece));
    connection.run_script(finish_history_sql(connection.dialect(), migration));
}

}  // namespace

bool is_empty(db::Connection& connection) {
    return table_names(connection).empty();
}

void initialise_schema(db::Connection& connection) {
    db::Transaction transaction(connection, db::Access::write);
    // Asked under the lock: whoever waited for it finds the work done.
    if (!is_empty(connection)) return;
    connection.run_script(create_history_sql(connection.dialect()));
    for (const Migration& migration : embedded_migrations(connection.dialect()))
        run_offline(connection, migration);
    transaction.commit();
}

void require_current_schema(db::Connection& connection) {
    const auto applied = applied_versions(connection);
    const auto known = std::ssize(embedded_files(connection.dialect()));
    const std::string found = std::to_string(applied.empty() ? 0 : applied.back());
    if (applied.empty()) {
        throw Error(
            ErrorCode::schema_outdated,
            "the database holds no findme schema: make one with `findme migrate`, or take an existing "
            "FindMe database over with `findme migrate adopt`",
            found);
    }
    if (applied.back() > known) {
        throw Error(ErrorCode::schema_too_new,
                    "the database has schema step " + found +
                        ", which this findme does not know: use the newer findme that made it",
                    found);
    }
    if (std::ssize(applied) < known) {
        throw Error(ErrorCode::schema_outdated,
                    "the database's schema is at step " + found + " and misses " +
                        std::to_string(known - std::ssize(applied)) + " of " + std::to_string(known) +
                        " steps: run `findme migrate`",
                    found);
    }
}

}  // namespace findme::store
