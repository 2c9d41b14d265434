#include "store/migration_runner.hpp"

#include <thread>

#include "base/text.hpp"
#include "findme/error.hpp"
#include "store/schema.hpp"

namespace findme::store {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{50};
/// Between two tries at a lock: the writers who queued up behind the last one get their turn.
constexpr std::chrono::milliseconds kPause{300};

std::string seconds(std::chrono::milliseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

bool is_locked(const Error& error) {
    return error.code() == ErrorCode::store_locked && !error.info().in_doubt;
}

}  // namespace

std::unique_ptr<db::NamedLock> MigrationRunner::lock() {
    const auto deadline = Clock::now() + lock_timeout_;
    bool said = false;
    for (;;) {
        if (auto lock = connection_.try_lock(kMigrationLock)) return lock;
        require_going_on();
        if (Clock::now() >= deadline) {
            throw Error({ErrorCode::store_locked,
                         "another findme migrates this database for more than " + seconds(lock_timeout_) +
                             ": try again later, or wait longer with --lock-timeout",
                         {},
                         Retry::later});
        }
        if (!said) observer_.on_wait("another findme is migrating this database");
        said = true;
        std::this_thread::sleep_for(kPoll);
    }
}

void MigrationRunner::run(const PlannedStep& step, const std::string& action, const MigrationPlan& plan) {
    // A repair is no step of its own: the schema stays where it is.
    const AuditRecord entry{actor_, action,
                            "schema:" + std::to_string(step.version > 0 ? step.version : plan.to),
                            "plan=" + plan.id};
    const auto begin = Clock::now();
    observer_.on_step(step);
    if (step.transactional) {
        until_unlocked(step, [&] { run_transaction(step, entry); });
    } else {
        run_statements(step, entry);
    }
    observer_.on_step_done(step, std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin));
}

void MigrationRunner::write_down(const AuditRecord& entry) {
    AuditRepository audit(connection_);
    if (audit.is_there()) static_cast<void>(audit.append(entry));
}

void MigrationRunner::run_transaction(const PlannedStep& step, const AuditRecord& entry) {
    try {
        for (std::size_t i = 0; i < step.statements.size(); ++i) {
            require_going_on();
            const bool commits = i + 1 == step.statements.size();
            if (commits) write_down(entry);
            observer_.on_statement(step, i, 0);
            connection_.run_script(step.statements[i].sql);
        }
    } catch (...) {
        try {
            connection_.roll_back();
        } catch (...) {
            // The connection is gone, and the transaction with it.
        }
        throw;
    }
}

void MigrationRunner::run_statements(const PlannedStep& step, const AuditRecord& entry) {
    for (std::size_t i = 0; i < step.statements.size(); ++i) {
        require_going_on();
        observer_.on_statement(step, i, 0);
        const bool writes_history = step.version > 0 && i + 1 == step.statements.size();
        if (writes_history) {
            until_unlocked(step, [&] {
                db::Transaction transaction(connection_, db::Access::write);
                connection_.run_script(step.statements[i].sql);
                write_down(entry);
                transaction.commit();
            });
        } else if (step.statements[i].repeat) {
            run_repeated(step, i);
        } else if (!step.statements[i].index.empty()) {
            until_unlocked(step, [&] { make_index(step.statements[i]); });
        } else {
            until_unlocked(step, [&] { connection_.run_script(step.statements[i].sql); });
        }
    }
    if (step.version > 0) return;
    until_unlocked(step, [&] {
        db::Transaction transaction(connection_, db::Access::write);
        write_down(entry);
        transaction.commit();
    });
}

void MigrationRunner::make_index(const MigrationStatement& statement) {
    try {
        connection_.run_script(statement.sql);
    } catch (const Error&) {
        // An index that failed half made is in the way of the next try, and until then of accounts.
        try {
            connection_.run_script("DROP INDEX CONCURRENTLY IF EXISTS " + statement.index + ";");
        } catch (const Error&) {
            // The next run finds it INVALID and drops it first.
        }
        throw;
    }
}

void MigrationRunner::run_repeated(const PlannedStep& step, std::size_t index) {
    std::int64_t rows = 0;
    std::int64_t changed = 0;
    do {
        require_going_on();
        until_unlocked(step, [&] { changed = connection_.run(step.statements[index].sql); });
        rows += changed;
        if (changed > 0) observer_.on_statement(step, index, rows);
    } while (changed > 0);
}

template <typename Work>
void MigrationRunner::until_unlocked(const PlannedStep& step, const Work& work) {
    const auto deadline = Clock::now() + lock_timeout_;
    bool said = false;
    for (;;) {
        try {
            return work();
        } catch (const Error& error) {
            if (!is_locked(error)) throw;
            if (Clock::now() >= deadline) {
                throw Error({ErrorCode::store_locked,
                             "the step " + base::quoted(step.name) + " got no lock within " +
                                 seconds(lock_timeout_) +
                                 ", because others use the tables: try again when less is going on, or wait "
                                 "longer with --lock-timeout",
                             error.info().subject, Retry::later});
            }
        }
        require_going_on();
        if (!said) observer_.on_wait("the step " + base::quoted(step.name) + " waits for tables in use");
        said = true;
        std::this_thread::sleep_for(kPause);
    }
}

void MigrationRunner::require_going_on() const {
    if (stop_.stop_requested()) {
        throw Error(ErrorCode::cancelled,
                    "the migration was stopped between two statements: run the same command to go on");
    }
}

}  // namespace findme::store
