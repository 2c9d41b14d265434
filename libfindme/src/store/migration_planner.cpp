#include "store/migration_planner.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "findme/error.hpp"
#include "store/migration_script.hpp"
#include "store/schema_facts.hpp"
#include "store/schema_history.hpp"

namespace findme::store {
namespace {

std::string label(std::int64_t version, const std::string& name) {
    std::string digits = std::to_string(version);
    digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
    return digits + "_" + name;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

MigrationInfo merge(const Migration& migration, const HistoryRow* row) {
    MigrationInfo info;
    info.version = migration.version;
    info.name = migration.name;
    info.checksum = migration_checksum(migration.up_sql);
    if (row == nullptr) return info;
    info.applied_at = row->applied_at;
    info.applied_by = row->applied_by;
    info.execution_ms = row->execution_ms;
    info.state = row->checksum != info.checksum ? MigrationState::altered
                 : row->is_baseline()           ? MigrationState::baseline
                                                : MigrationState::applied;
    return info;
}

MigrationInfo unknown_step(const HistoryRow& row) {
    MigrationInfo info;
    info.version = row.version;
    info.name = row.name;
    info.state = MigrationState::unknown;
    info.checksum = row.checksum;
    info.applied_at = row.applied_at;
    info.applied_by = row.applied_by;
    info.execution_ms = row.execution_ms;
    return info;
}

/// Rows that a `destroys` directive speaks of; 0 where the object is not there (any more).
std::int64_t rows_of(db::Connection& connection, const std::string& object) {
    const auto name_at = object.find(' ') + 1;
    const auto dot = object.find('.');
    const std::string table = object.substr(name_at, dot == std::string::npos ? dot : dot - name_at);
    if (!contains(table_names(connection), table)) return 0;
    const std::string counted = dot == std::string::npos ? "*" : object.substr(dot + 1);
    // What the audit says of the schema alone is no loss: the schema that it speaks of goes as well.
    const char* where = object == "table audit_log" ? " WHERE action NOT LIKE 'migrate.%'" : "";
    std::int64_t rows = 0;
    try {
        // Names, not values, and of a fixed form: parse_migration_script lets nothing else through.
        connection.run("SELECT count(" + counted + ") FROM " + table + where, {},
                       [&](const db::Row& row) { rows = row.integer(0); });
    } catch (const Error& error) {
        if (error.code() != ErrorCode::internal) throw;  // Anything but a column that is gone already.
    }
    return rows;
}

void add_losses(PlannedStep& step, db::Connection& connection, const MigrationScript& script) {
    for (const std::string& object : script.destroys) {
        if (const std::int64_t rows = rows_of(connection, object); rows > 0)
            step.losses.push_back({object, rows});
    }
}

void add_index_piece(PlannedStep& step, db::Connection& connection, const ScriptPiece& piece,
                     const std::vector<std::string>& valid, const std::vector<std::string>& invalid) {
    if (contains(valid, piece.index)) return;
    if (contains(invalid, piece.index)) {
        add_online(step, connection, {"DROP INDEX CONCURRENTLY " + piece.index + ";"});
        step.notes.push_back("the index " + piece.index +
                             " was left half made by an interrupted run: it is made anew");
    }
    add_online(step, connection, {.sql = piece.sql, .index = piece.index});
}

void add_pieces(PlannedStep& step, db::Connection& connection, const MigrationScript& script) {
    if (script.transactional) {
        step.statements.push_back({script.pieces.front().sql});
        return;
    }
    std::vector<std::string> valid;
    for (const auto& [object, fact] : read_schema(connection)) {
        constexpr std::string_view kIndex = "index ";
        if (object.starts_with(kIndex)) valid.push_back(object.substr(kIndex.size()));
    }
    const auto invalid = invalid_indexes(connection);
    for (const ScriptPiece& piece : script.pieces) {
        if (piece.index.empty()) {
            step.statements.push_back({piece.sql, piece.repeat});
        } else {
            add_index_piece(step, connection, piece, valid, invalid);
        }
    }
}

PlannedStep begin_step(const Migration& migration, MigrationDirection direction, bool transactional) {
    PlannedStep step;
    step.version = migration.version;
    step.name = migration.name;
    step.direction = direction;
    step.transactional = transactional;
    return step;
}

PlannedStep plan_step_up(db::Connection& connection, const Migration& migration, bool makes_history) {
    const db::Dialect dialect = connection.dialect();
    const auto script =
        parse_migration_script(migration.up_sql, label(migration.version, migration.name) + ".up.sql");
    PlannedStep step = begin_step(migration, MigrationDirection::up, script.transactional);
    add_losses(step, connection, script);
    if (!script.transactional) step.statements.push_back({table_lock_timeout_sql(connection)});
    if (makes_history) step.statements.push_back({create_history_sql(dialect)});
    step.statements.push_back({begin_history_sql(dialect, migration)});
    add_pieces(step, connection, script);
    step.statements.push_back({finish_history_sql(dialect, migration)});
    if (script.transactional) wrap_in_transaction(step, connection);
    return step;
}

PlannedStep plan_step_down(db::Connection& connection, const Migration& migration, bool drops_history) {
    const auto script =
        parse_migration_script(migration.down_sql, label(migration.version, migration.name) + ".down.sql");
    PlannedStep step = begin_step(migration, MigrationDirection::down, script.transactional);
    add_losses(step, connection, script);
    if (!script.transactional) step.statements.push_back({table_lock_timeout_sql(connection)});
    add_pieces(step, connection, script);
    step.statements.push_back({drops_history ? drop_history_sql() : delete_history_sql(migration.version)});
    if (script.transactional) wrap_in_transaction(step, connection);
    return step;
}

}  // namespace

MigrationStatus migration_status(db::Connection& connection, std::span<const Migration> migrations,
                                 const std::string& name) {
    const auto history = read_history(connection);
    MigrationStatus status;
    status.database = name;
    status.newest = std::ssize(migrations);
    for (const Migration& migration : migrations) {
        const auto row = std::find_if(history.begin(), history.end(), [&](const HistoryRow& candidate) {
            return candidate.version == migration.version;
        });
        status.steps.push_back(merge(migration, row != history.end() ? &*row : nullptr));
    }
    for (const HistoryRow& row : history) {
        if (row.version > status.newest) status.steps.push_back(unknown_step(row));
        if (row.is_baseline()) status.baseline = std::max(status.baseline, row.version);
        status.current = std::max(status.current, row.version);
    }
    if (history.empty()) {
        const auto tables = table_names(connection);
        status.adoptable = contains(tables, "users") || contains(tables, "events");
    }
    return status;
}

void require_plannable(const MigrationStatus& status) {
    for (const MigrationInfo& step : status.steps) {
        if (step.state == MigrationState::pending && step.version < status.current) {
            throw Error(ErrorCode::schema_mismatch,
                        "the history lacks step " + label(step.version, step.name) +
                            " although later ones were applied: bring back its row from a backup",
                        label(step.version, step.name));
        }
        if (step.state == MigrationState::unknown) {
            throw Error(ErrorCode::schema_too_new,
                        "the database has schema step " + label(step.version, step.name) +
                            ", which this findme does not know: use the newer findme that made it",
                        std::to_string(step.version));
        }
        if (step.state == MigrationState::altered) {
            const std::string file = label(step.version, step.name) + ".up.sql";
            throw Error(
                ErrorCode::schema_mismatch,
                "the migration " + file +
                    " was changed after it was applied: bring back its text, or accept the new one with "
                    "`findme migrate repair --accept-checksums`",
                file);
        }
    }
    if (status.adoptable) {
        throw Error(ErrorCode::schema_outdated,
                    "the database " + status.database +
                        " holds tables that findme did not make: take it over with `findme migrate adopt` "
                        "(--dry-run says what that does)",
                    "0");
    }
}

MigrationPlan plan_up(db::Connection& connection, std::span<const Migration> migrations,
                      const MigrationStatus& status, std::int64_t from) {
    MigrationPlan plan;
    plan.database = status.database;
    plan.from = from;
    plan.to = status.newest;
    for (const Migration& migration : migrations) {
        if (migration.version <= from) continue;
        plan.steps.push_back(plan_step_up(connection, migration, migration.version == 1));
    }
    seal(plan, status);
    return plan;
}

MigrationPlan plan_down(db::Connection& connection, std::span<const Migration> migrations,
                        const MigrationStatus& status, std::int64_t to) {
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::invalid_argument,
                    "cannot take the schema down to " + std::to_string(to) + ": " + why, std::to_string(to));
    };
    if (to < 0 || to > status.current) refuse("it is at " + std::to_string(status.current));
    if (to < status.baseline) {
        refuse("the database was adopted at " + std::to_string(status.baseline) +
               ", and what was there before is not findme's to remove");
    }
    MigrationPlan plan;
    plan.database = status.database;
    plan.from = status.current;
    plan.to = to;
    for (std::int64_t version = status.current; version > to; --version) {
        plan.steps.push_back(
            plan_step_down(connection, migrations[static_cast<std::size_t>(version - 1)], version == 1));
    }
    seal(plan, status);
    return plan;
}

void seal(MigrationPlan& plan, const MigrationStatus& status) {
    // Where it starts from, then every byte it sends. Not the database's name: a plan reviewed on a copy
    // holds.
    std::string text = std::to_string(plan.from) + ">" + std::to_string(plan.to) + "\n";
    for (const MigrationInfo& step : status.steps) {
        if (step.state == MigrationState::pending) continue;
        text += std::to_string(step.version) + " " + step.checksum + "\n";
    }
    text += plan.sql();
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    plan.id = to_hex(base::sha256({bytes, text.size()})).substr(0, 16);
}

std::string table_lock_timeout_sql(db::Connection& connection) {
    constexpr std::int64_t kBeyond_ms = 300;
    constexpr std::int64_t kMost_ms = 1900;
    std::int64_t timeout_ms = 0;
    connection.run("SELECT setting::bigint FROM pg_settings WHERE name = 'deadlock_timeout'", {},
                   [&](const db::Row& row) { timeout_ms = row.integer(0); });
    return "SET lock_timeout = '" + std::to_string(std::min(timeout_ms + kBeyond_ms, kMost_ms)) + "ms';";
}

void add_online(PlannedStep& step, db::Connection& connection, MigrationStatement statement) {
    const bool patient = statement.sql.find(" CONCURRENTLY ") != std::string::npos;
    if (patient) step.statements.push_back({"SET lock_timeout = 0;"});
    step.statements.push_back(std::move(statement));
    if (patient) step.statements.push_back({table_lock_timeout_sql(connection)});
}

void wrap_in_transaction(PlannedStep& step, db::Connection& connection) {
    std::vector<MigrationStatement> wrapped;
    if (connection.dialect() == db::Dialect::sqlite) {
        wrapped.push_back({"BEGIN IMMEDIATE;"});
    } else {
        wrapped.push_back({table_lock_timeout_sql(connection)});
        wrapped.push_back({"BEGIN;"});
    }
    std::move(step.statements.begin(), step.statements.end(), std::back_inserter(wrapped));
    wrapped.push_back({"COMMIT;"});
    step.statements = std::move(wrapped);
    step.transactional = true;
}

}  // namespace findme::store
