#pragma once

#include <chrono>
#include <stop_token>

#include "db/connection.hpp"
#include "findme/migrate.hpp"
#include "store/audit_repository.hpp"

namespace findme::store {

/// Sends the statements of plans over one connection.
class MigrationRunner {
  public:
    /// @param lock_timeout  how long a step is tried again while others hold its tables.
    /// @param actor         for the audit.
    MigrationRunner(db::Connection& connection, std::chrono::milliseconds lock_timeout, std::stop_token stop,
                    MigrationObserver& observer, std::string actor)
        : connection_(connection),
          lock_timeout_(lock_timeout),
          stop_(std::move(stop)),
          observer_(observer),
          actor_(std::move(actor)) {}

    /// Holds every other runner off, in whatever process.
    /// @errors throws Error{store_locked} when another one works for longer than `lock_timeout`.
    [[nodiscard]] std::unique_ptr<db::NamedLock> lock();

    /// The audit gets an entry a step, in the transaction that ends it, as soon as the schema has an audit
    /// and as long as it has one.
    /// @param action  of that entry, as in `migrate.up`. @param plan  that the step is of.
    /// @errors throws Error{cancelled}, Error{store_locked}, and whatever a statement fails with; the step
    /// that
    ///         failed is undone, or, where it is not transactional, goes on when it is run again.
    void run(const PlannedStep& step, const std::string& action, const MigrationPlan& plan);

  private:
    void run_statements(const PlannedStep& step, const AuditRecord& entry);
    void run_transaction(const PlannedStep& step, const AuditRecord& entry);
    void write_down(const AuditRecord& entry);
    void make_index(const MigrationStatement& statement);
    void run_repeated(const PlannedStep& step, std::size_t index);
    /// Runs `work` until it gets the locks it wants.
    template <typename Work>
    void until_unlocked(const PlannedStep& step, const Work& work);
    void require_going_on() const;

    db::Connection& connection_;
    std::chrono::milliseconds lock_timeout_;
    std::stop_token stop_;
    MigrationObserver& observer_;
    std::string actor_;
};

}  // namespace findme::store
