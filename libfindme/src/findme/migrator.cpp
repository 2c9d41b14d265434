#include <algorithm>
#include <thread>

#include "base/text.hpp"
#include "db/connection.hpp"
#include "db/sqlite_database.hpp"
#include "findme/error.hpp"
#include "findme/migrate.hpp"
#include "findme/open_store.hpp"
#include "store/adoption.hpp"
#include "store/migration_planner.hpp"
#include "store/migration_runner.hpp"
#include "store/schema_facts.hpp"
#include "store/schema_history.hpp"

namespace findme {
namespace {

constexpr std::chrono::milliseconds kWaitPoll{200};

db::OpenOptions migration_options(const Config& config) {
    db::OpenOptions options = open_options_of(config);
    options.statement_timeout =
        std::chrono::milliseconds{0};  // An index of a large table takes as long as it takes.
    options.application_name = "findme migrate";
    return options;
}

void refuse_loss(const MigrationPlan& plan, DataLoss loss) {
    if (loss == DataLoss::accept || !plan.loses_data()) return;
    std::string lost;
    for (const PlannedStep& step : plan.steps) {
        for (const MigrationLoss& part : step.losses) {
            lost += (lost.empty() ? "" : ", ") + part.object + " (" + std::to_string(part.rows) +
                    (part.rows == 1 ? " row)" : " rows)");
        }
    }
    throw Error(ErrorCode::confirmation_required,
                "this would destroy " + lost + " for good: make a backup, then say --yes");
}

/// The name under which a repair makes an index before it takes the place of the old one; none for other
/// statements.
std::string spare_index(const std::string& object, const std::string& sql) {
    constexpr std::string_view kIndex = "index ";
    constexpr std::size_t kMaxName = 63;
    if (!object.starts_with(kIndex) || !sql.starts_with("CREATE ")) return {};
    return ("findme_repair_" + object.substr(kIndex.size())).substr(0, kMaxName);
}

void refuse_duplicates(const std::vector<DuplicateRows>& duplicates) {
    if (duplicates.empty()) return;
    std::string ids;
    for (const std::int64_t id : duplicates.front().ids)
        ids += (ids.empty() ? "" : ", ") + std::to_string(id);
    const auto others = duplicates.size() - 1;
    throw Error(ErrorCode::constraint,
                "the accounts " + ids + " share what " + duplicates.front().rule + " makes unique" +
                    (others > 0 ? ", and " + std::to_string(others) + " groups more" : "") +
                    ": rename or delete all but one of each, then run this again (nothing was changed)",
                duplicates.front().rule);
}

}  // namespace

class Migrator::State {
  public:
    State(Config config, const std::string& data_dir, MigratorOptions options)
        : config_(std::move(config)),
          options_(std::move(options)),
          data_dir_(data_dir),
          url_(database_url_of(config_, data_dir)) {}

    /// At the first call; one connection serves the object's whole life, because locks belong to it.
    void open(db::IfMissing if_missing, MigrationObserver& observer) {
        if (connection_ && !stands_in_) return;
        if (if_missing == db::IfMissing::create) make_data_dir(config_, data_dir_);
        db::OpenOptions options = migration_options(config_);
        options.if_missing = if_missing;
        use(db::open_database(url_, options), observer);
        stands_in_ = false;
    }

    /// For calls that run nothing: there is little to wait for.
    void open(db::IfMissing if_missing) {
        MigrationObserver silent;
        open(if_missing, silent);
    }

    /// The same, and an empty database in place of an embedded one that is not there.
    void open_or_stand_in() {
        try {
            open(db::IfMissing::refuse);
        } catch (const Error& error) {
            const std::string file = embedded_file_of(url_);
            if (file.empty() || error.code() != ErrorCode::not_found) throw;
            MigrationObserver silent;
            use(db::SqliteDatabase::stand_in(file), silent);
            stands_in_ = true;
        }
    }

    [[nodiscard]] db::Connection& connection() { return *connection_; }

    MigrationStatus status() {
        return store::migration_status(connection(), migrations_, database_->display_name());
    }

    MigrationPlan plan_up() {
        const MigrationStatus now = status();
        store::require_plannable(now);
        return store::plan_up(connection(), migrations_, now, now.current);
    }

    /// Accounts that a pending rule of a database in use has no room for.
    std::vector<DuplicateRows> duplicates_in_the_way(const MigrationPlan& plan) {
        const bool in_use = plan.from > 0 && connection().dialect() == db::Dialect::postgresql;
        if (!in_use || plan.steps.empty() || !options_.dir.empty()) return {};
        return store::find_duplicates(connection());
    }

    MigrationPlan plan_down(std::int64_t to) {
        const MigrationStatus now = status();
        store::require_plannable(now);
        return store::plan_down(connection(), migrations_, now, to);
    }

    store::MigrationRunner runner(MigrationObserver& observer) {
        return {connection(), options_.lock_timeout, options_.stop, observer, options_.actor};
    }

    /// @param action  for the audit.
    void run(const MigrationPlan& plan, const char* action, MigrationObserver& observer) {
        store::MigrationRunner steps = runner(observer);
        for (const PlannedStep& step : plan.steps) steps.run(step, action, plan);
    }

    VerifyReport verify() {
        VerifyReport report;
        report.status = status();
        if (report.status.current == 0) {
            throw Error(ErrorCode::schema_outdated,
                        "the database " + database_->display_name() +
                            " holds no findme schema to verify: make one with `findme migrate`",
                        "0");
        }
        const std::int64_t version = std::min(report.status.current, report.status.newest);
        db::Connection& live = connection();
        report.differences = store::compare_schemas(store::expected_schema(live, migrations_, version),
                                                    store::read_schema(live));
        for (const SchemaDifference& known : store::recorded_differences(live)) {
            for (SchemaDifference& difference : report.differences) {
                const bool same = difference.kind == known.kind && difference.object == known.object &&
                                  difference.found == known.found;
                if (same) difference.accepted = true;
            }
        }
        return report;
    }

    AdoptionPlan plan_adoption();
    MigrationPlan plan_repair(AlteredFiles altered_files);

  private:
    void use(std::unique_ptr<db::Database> database, MigrationObserver& observer) {
        connection_.reset();
        database_ = std::move(database);
        migrations_ = options_.dir.empty() ? store::embedded_migrations(database_->dialect())
                                           : store::load_migrations(options_.dir);
        connection_ = connect(observer);
    }

    std::shared_ptr<db::Connection> connect(MigrationObserver& observer) {
        const auto deadline = std::chrono::steady_clock::now() + options_.wait;
        for (bool said = false;; said = true) {
            try {
                return database_->connect();
            } catch (const Error& error) {
                const bool starting = error.code() == ErrorCode::store_unreachable;
                if (!starting || std::chrono::steady_clock::now() >= deadline) throw;
                if (options_.stop.stop_requested())
                    throw Error(ErrorCode::cancelled, "stopped while the database " +
                                                          database_->display_name() +
                                                          " did not answer: nothing was changed");
                if (!said)
                    observer.on_wait("the database " + database_->display_name() + " does not answer yet");
                std::this_thread::sleep_for(kWaitPoll);
            }
        }
    }

    Config config_;
    MigratorOptions options_;
    std::string data_dir_;
    std::string url_;
    std::unique_ptr<db::Database> database_;
    std::vector<store::Migration> migrations_;
    std::shared_ptr<db::Connection> connection_;
    bool stands_in_ = false;  ///< The database is an empty one in memory.
};

AdoptionPlan Migrator::State::plan_adoption() {
    db::Connection& live = connection();
    const MigrationStatus now = status();
    AdoptionPlan adoption;
    if (now.current > 0) {
        store::require_plannable(now);
        adoption.release = "findme";
        adoption.baseline = now.baseline;
        adoption.findings.push_back(now.baseline == 0
                                        ? "the database was made by findme: there is nothing to adopt"
                                        : "the database was adopted at step " + std::to_string(now.baseline));
        adoption.plan = store::plan_up(live, migrations_, now, now.current);
        adoption.duplicates = duplicates_in_the_way(adoption.plan);
        return adoption;
    }
    const store::Fingerprint found = store::fingerprint(live);
    store::require_no_conflicts(live, migrations_);
    adoption.release = found.release;
    adoption.baseline = found.baseline;
    adoption.findings = found.findings;
    adoption.duplicates = store::find_duplicates(live);
    adoption.accepted = store::accepted_differences(live, migrations_, found.baseline);
    adoption.plan = store::plan_up(live, migrations_, now, found.baseline);
    PlannedStep record = store::adoption_record(live, found, migrations_, adoption.accepted);
    store::wrap_in_transaction(record, live);
    adoption.plan.from = 0;
    adoption.plan.steps.insert(adoption.plan.steps.begin(), std::move(record));
    store::seal(adoption.plan, now);
    return adoption;
}

MigrationPlan Migrator::State::plan_repair(AlteredFiles altered_files) {
    db::Connection& live = connection();
    VerifyReport report = verify();
    PlannedStep repair;
    repair.name = "repair";
    for (MigrationInfo& step : report.status.steps) {
        if (step.state != MigrationState::altered || altered_files == AlteredFiles::refuse) continue;
        const auto& file = migrations_[static_cast<std::size_t>(step.version - 1)];
        repair.statements.push_back({store::update_checksum_sql(file)});
        repair.notes.push_back("the history takes the new text of step " + std::to_string(step.version));
        step.state = MigrationState::applied;
    }
    store::require_plannable(report.status);
    const auto expected = store::expected_schema(live, migrations_, report.status.current);
    for (const std::string& index : store::invalid_indexes(live)) {
        if (!expected.contains("index " + index)) continue;
        store::add_online(repair, live, {"DROP INDEX CONCURRENTLY " + index + ";"});
        repair.notes.push_back("the index " + index + " was left half made");
    }
    for (const SchemaDifference& difference : report.differences) {
        if (difference.accepted || !difference.repairable) continue;
        for (const std::string& sql : expected.at(difference.object).create_sql)
            store::add_online(repair, live, {.sql = sql, .index = spare_index(difference.object, sql)});
        repair.notes.push_back(std::string(to_string(difference.kind)) + ": " + difference.object);
    }
    MigrationPlan plan;
    plan.database = database_->display_name();
    plan.from = plan.to = report.status.current;
    repair.transactional = live.dialect() == db::Dialect::sqlite;
    if (!repair.statements.empty()) {
        if (!repair.transactional)
            repair.statements.insert(repair.statements.begin(), {store::table_lock_timeout_sql(live)});
        if (repair.transactional) store::wrap_in_transaction(repair, live);
        plan.steps.push_back(std::move(repair));
    }
    store::seal(plan, report.status);
    return plan;
}

Migrator::Migrator(const Config& config, const std::string& data_dir, MigratorOptions options)
    : state_(std::make_unique<State>(config, data_dir, std::move(options))) {}

Migrator::~Migrator() = default;

MigrationStatus Migrator::status() {
    state_->open(db::IfMissing::refuse);
    return state_->status();
}

MigrationPlan Migrator::plan() {
    state_->open_or_stand_in();
    return state_->plan_up();
}

MigrationPlan Migrator::up(const std::string& plan_id, DataLoss loss, MigrationObserver& observer) {
    state_->open(db::IfMissing::create, observer);
    const auto lock = state_->runner(observer).lock();
    MigrationPlan plan = state_->plan_up();
    if (!plan_id.empty() && plan.id != plan_id) {
        throw Error(ErrorCode::plan_changed,
                    "the plan is " + plan.id + " by now, not " + base::quoted(plan_id) +
                        ": look at `findme migrate plan` again, nothing was changed",
                    plan.id);
    }
    refuse_loss(plan, loss);
    refuse_duplicates(state_->duplicates_in_the_way(plan));
    state_->run(plan, "migrate.up", observer);
    return plan;
}

MigrationPlan Migrator::plan_down(std::int64_t to) {
    state_->open(db::IfMissing::refuse);
    return state_->plan_down(to);
}

MigrationPlan Migrator::down(std::int64_t to, DataLoss loss, MigrationObserver& observer) {
    state_->open(db::IfMissing::refuse, observer);
    const auto lock = state_->runner(observer).lock();
    MigrationPlan plan = state_->plan_down(to);
    refuse_loss(plan, loss);
    state_->run(plan, "migrate.down", observer);
    return plan;
}

VerifyReport Migrator::verify() {
    state_->open(db::IfMissing::refuse);
    return state_->verify();
}

AdoptionPlan Migrator::plan_adoption() {
    state_->open(db::IfMissing::refuse);
    return state_->plan_adoption();
}

AdoptionPlan Migrator::adopt(MigrationObserver& observer) {
    state_->open(db::IfMissing::refuse, observer);
    const auto lock = state_->runner(observer).lock();
    AdoptionPlan adoption = state_->plan_adoption();
    if (adoption.duplicates.empty()) state_->run(adoption.plan, "migrate.adopt", observer);
    return adoption;
}

MigrationPlan Migrator::plan_repair(AlteredFiles altered_files) {
    state_->open(db::IfMissing::refuse);
    return state_->plan_repair(altered_files);
}

MigrationPlan Migrator::repair(AlteredFiles altered_files, MigrationObserver& observer) {
    state_->open(db::IfMissing::refuse, observer);
    const auto lock = state_->runner(observer).lock();
    MigrationPlan plan = state_->plan_repair(altered_files);
    state_->run(plan, "migrate.repair", observer);
    return plan;
}

bool MigrationStatus::up_to_date() const noexcept {
    return current == newest && std::none_of(steps.begin(), steps.end(), [](const MigrationInfo& step) {
               return step.state == MigrationState::pending || step.state == MigrationState::altered ||
                      step.state == MigrationState::unknown;
           });
}

std::string MigrationPlan::sql() const {
    std::string text;
    for (const PlannedStep& step : steps) {
        for (const MigrationStatement& statement : step.statements) {
            text += statement.sql;
            if (!text.ends_with('\n')) text += '\n';
        }
    }
    return text;
}

bool MigrationPlan::loses_data() const {
    return std::any_of(steps.begin(), steps.end(),
                       [](const PlannedStep& step) { return !step.losses.empty(); });
}

bool VerifyReport::good() const {
    const bool history_good =
        std::none_of(status.steps.begin(), status.steps.end(), [](const MigrationInfo& step) {
            return step.state == MigrationState::altered || step.state == MigrationState::unknown;
        });
    const bool has_hole =
        std::any_of(status.steps.begin(), status.steps.end(), [&](const MigrationInfo& step) {
            return step.state == MigrationState::pending && step.version < status.current;
        });
    return !has_hole && history_good &&
           std::all_of(differences.begin(), differences.end(),
                       [](const SchemaDifference& difference) { return difference.accepted; });
}

std::string_view to_string(MigrationState state) noexcept {
    switch (state) {
        case MigrationState::applied:
            return "applied";
        case MigrationState::baseline:
            return "baseline";
        case MigrationState::pending:
            return "pending";
        case MigrationState::altered:
            return "altered";
        case MigrationState::unknown:
            return "unknown";
    }
    return "unknown";
}

std::string_view to_string(MigrationDirection direction) noexcept {
    return direction == MigrationDirection::up ? "up" : "down";
}

std::string_view to_string(SchemaDifference::Kind kind) noexcept {
    switch (kind) {
        case SchemaDifference::Kind::missing:
            return "missing";
        case SchemaDifference::Kind::extra:
            return "extra";
        case SchemaDifference::Kind::changed:
            return "changed";
    }
    return "changed";
}

}  // namespace findme
