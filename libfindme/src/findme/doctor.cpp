#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <utility>

#include "access/clocks.hpp"
#include "base/text.hpp"
#include "config/model_manifest.hpp"
#include "db/connection.hpp"
#include "db/postgresql_backend.hpp"
#include "db/sqlite_glance.hpp"
#include "face/precision.hpp"
#include "findme/findme.hpp"
#include "findme/health.hpp"
#include "findme/open_store.hpp"
#include "image/codec.hpp"
#include "ops/doctor_check.hpp"
#include "ops/doctor_data.hpp"
#include "ops/doctor_files.hpp"
#include "ops/doctor_mend.hpp"
#include "ops/doctor_schema.hpp"
#include "ops/doctor_server.hpp"
#include "store/doctor_repository.hpp"

namespace findme {
namespace {

using ops::CheckRun;

/// "FNDM", as the first migration of the embedded database writes it.
constexpr std::int64_t kApplicationId = 1179534413;
constexpr const char* kHistoryTable = "findme_schema_history";
/// In the server's views.
constexpr const char* kOwnName = "findme doctor";
/// A scan of a large table takes as long as it takes, but not for ever.
constexpr std::chrono::minutes kStatementTimeout{10};

bool holds(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class Examination {
  public:
    Examination(const LoadedConfig& config, const std::string& data_dir, Repairs repairs,
                DoctorObserver& observer)
        : config_(config),
          data_dir_(data_dir),
          repairs_(repairs),
          observer_(observer),
          url_(database_url_of(config.config, data_dir)),
          file_(embedded_file_of(url_)) {}

    DoctorReport run() {
        check("configuration",
              [&](CheckRun& run) { ops::check_configuration(run, config_, password_file()); });
        check("database", [&](CheckRun& run) { open(run); });
        check("schema", [&](CheckRun& run) { check_schema(run); });
        check("old_constraints", [&](CheckRun& run) { check_old_constraints(run); });
        check_server();
        check("models", [&](CheckRun& run) { check_models(run); });
        check_rows();
        check("storage", [&](CheckRun& run) { check_storage(run); });
        check("disk", [&](CheckRun& run) { check_disk(run); });
        return std::move(report_);
    }

  private:
    void check(const char* name, const std::function<void(CheckRun&)>& body) {
        observer_.on_check(name);
        ops::run_check(report_, name, repairs_, body);
        observer_.on_checked(report_.checks.back());
    }

    [[nodiscard]] std::string password_file() const {
        try {
            return file_.empty() ? db::postgresql_backend().password_file(url_) : std::string();
        } catch (const Error&) {
            return {};  // Whoever opens the database says so.
        }
    }

    void open(CheckRun& run) {
        try {
            db::OpenOptions options;
            options.if_missing = db::IfMissing::refuse;
            options.pool_size = 1;
            options.statement_timeout = kStatementTimeout;
            options.application_name = kOwnName;
            database_ = db::open_database(url_, options);
            if (!file_.empty() && !is_ready(run)) return;
            connection_ = database_->connect();
            look_inside(run);
        } catch (const Error& error) {
            if (!file_.empty() && error.code() == ErrorCode::not_found) return tell_missing(run);
            // A database that is locked for writing can still be read.
            run.add_failure(error.info());
        }
    }

    void tell_missing(CheckRun& run) const {
        run.see("sqlite:" + base::quoted(file_) + ": nothing there yet");
        run.add(Severity::note, ErrorCode::not_found, "missing",
                "there is no database " + base::quoted(file_) + " yet",
                "`findme event create` or `findme migrate` makes it");
    }

    /// Whether the file is one to connect to, which writes: an empty one, or another program's, is left
    /// alone.
    bool is_ready(CheckRun& run) {
        const std::string name = "sqlite:" + base::quoted(file_);
        const db::SqliteGlance glance = db::glance_at_sqlite(file_);
        const bool strange_id = glance.application_id != 0 && glance.application_id != kApplicationId;
        if (strange_id || (!glance.tables.empty() && !holds(glance.tables, kHistoryTable))) {
            run.see(name + ": not findme's");
            run.add(Severity::error, ErrorCode::schema_outdated, "foreign",
                    "the database " + base::quoted(file_) + " is another program's",
                    "choose another file with --database sqlite:PATH; this one was left as it is");
            return false;
        }
        if (glance.tables.empty()) {
            run.see(name + ": empty");
            run.add(Severity::note, ErrorCode::not_found, "empty",
                    "the database " + base::quoted(file_) + " holds nothing yet",
                    "`findme event create` or `findme migrate` makes its schema");
            return false;
        }
        journal_mode_ = glance.journal_mode;
        is_findmes_ = true;
        return true;
    }

    void look_inside(CheckRun& run) {
        if (!file_.empty()) {
            run.see("SQLite at " + base::quoted(file_));
            // Takes the lock that every writer takes, and writes nothing.
            const db::Transaction probe(*connection_, db::Access::write);
            return;
        }
        // A table that somebody has locked is told of, and does not hold up the other checks.
        connection_->run("SET lock_timeout = '5s'");
        server_ = store::read_server_facts(*connection_, kOwnName, db::OpenOptions{}.application_name);
        run.see("PostgreSQL " + server_.version + " at " + database_->display_name());
        ops::judge_server_use(run, server_, store::missing_privileges(*connection_));
        if (repairs_ == Repairs::safe) require_agreed_clocks(run);
    }

    /// Mending removes rows, some by their age: with clocks that differ it is looked at alone.
    void require_agreed_clocks(CheckRun& run) {
        try {
            access::require_agreed_clocks(*connection_, system_clock());
        } catch (const Error& error) {
            repairs_ = Repairs::none;
            run.add_failure(error.info());
        }
    }

    bool require_connection(CheckRun& run) const {
        if (!connection_) run.skip("the database cannot be asked");
        return connection_ != nullptr;
    }

    void check_schema(CheckRun& run) {
        if (!require_connection(run)) return;
        MigratorOptions options;
        options.actor = ops::doctor_actor();
        Migrator migrator(config_.config, data_dir_, std::move(options));
        is_current_ = ops::check_schema(run, migrator, *connection_);
    }

    void check_old_constraints(CheckRun& run) {
        if (!require_connection(run)) return;
        const auto rules = store::old_user_rules(*connection_);
        run.see(ops::counted(std::ssize(rules), "rule") + " of the time before accounts were one per event");
        for (const std::string& rule : rules) {
            run.add(Severity::error, ErrorCode::schema_mismatch, rule,
                    "the old rule " + rule +
                        " is still there: nobody can have an account in two events, or a name twice",
                    is_current_
                        ? "drop it from the table users (as a constraint where it is one, else as an index)"
                        : "run `findme migrate`, which replaces it");
        }
    }

    void check_server() {
        const Config& config = config_.config;
        const ops::PoolDemand demand{std::int64_t{config.database_pool_size} + config.database_pool_overflow,
                                     config.database_pool_processes};
        const auto on_server = [&](const char* name, const std::function<void(CheckRun&)>& body) {
            check(name, [&](CheckRun& run) {
                if (!file_.empty()) return run.skip("there is no server");
                if (!require_connection(run)) return;
                if (server_.version_number == 0) return run.skip("the server does not say how it is set up");
                body(run);
            });
        };
        on_server("pool", [&](CheckRun& run) { ops::judge_pool(run, server_, demand); });
        on_server("server", [&](CheckRun& run) { ops::judge_server_care(run, server_); });
        on_server("sequences", [&](CheckRun& run) {
            if (!is_current_) return run.skip(kNotCurrent);
            ops::check_sequences(run, *connection_);
        });
    }

    void check_models(CheckRun& run) {
        std::int64_t good = 0;
        calibration_ = models_in_use(config_.config, data_dir_).calibration;
        const auto models = findme::check_models(config_.config, data_dir_);
        for (const ModelCheck& model : models) {
            good += model.state == ModelState::good;
            if (is_fine(model)) continue;
            const bool altered = model.state == ModelState::altered;
            run.add(
                Severity::error, altered ? ErrorCode::model_corrupt : ErrorCode::model_missing,
                to_string(model.state),
                "the model file " + base::quoted(model.path) + " is " + std::string(to_string(model.state)),
                model.remedy);
        }
        try {
            image::require_decoders();
            static_cast<void>(face::instruction_set());
        } catch (const Error& error) {
            run.add(Severity::error, error.code(), "libraries", error.what(), "install what is missing");
        }
        run.see(std::to_string(good) + " of " + ops::counted(std::ssize(models), "file") + " good");
    }

    void check_rows() {
        using Check = void (*)(CheckRun&, const ops::Rows&);
        constexpr std::array<std::pair<const char*, Check>, 7> kChecks{{
            {"templates", ops::check_templates},
            {"photos", ops::check_photos},
            {"orphans", ops::check_orphans},
            {"retention", ops::check_retention},
            {"consents", ops::check_consents},
            {"tokens", ops::check_tokens},
            {"audit", ops::check_audit},
        }};
        for (const auto& named : kChecks) {
            check(named.first, [&, look = named.second](CheckRun& run) {
                if (require_rows(run)) look(run, rows());
            });
        }
        check("clock", [&](CheckRun& run) {
            if (!require_rows(run)) return;
            const Timestamp before = system_clock().now();
            const Timestamp database = connection_->now();
            ops::judge_clock(run, {before, database, system_clock().now()});
            ops::check_times(run, rows());
        });
    }

    bool require_rows(CheckRun& run) const {
        if (!require_connection(run)) return false;
        if (!is_current_) run.skip(kNotCurrent);
        return is_current_;
    }

    [[nodiscard]] ops::Rows rows() const {
        return {database_, *connection_, calibration_.model, calibration_.template_size};
    }

    void check_storage(CheckRun& run) {
        if (file_.empty()) return run.skip("the server looks after its files");
        // What the URL names may be anything; only what is known to be findme's is findme's to change.
        if (!is_findmes_) return run.skip("there is no database of findme's");
        run.see("modes of files and folder");
        ops::check_file_modes(run, file_, data_dir_);
        if (!connection_) return;
        ops::check_log_size(run, file_, [&] { return connection_->scrub(); });
        // What was erased while somebody was reading is still in the log.
        if (repairs_ == Repairs::safe) static_cast<void>(connection_->scrub());
        if (journal_mode_ != "wal") {
            run.add(Severity::note, ErrorCode::store_locked, "journal_mode",
                    "the journal mode was " + journal_mode_ +
                        ", in which readers and writers wait for one another",
                    "nothing: opening the database has set it to wal");
        }
        ops::check_file_content(run, rows());
    }

    void check_disk(CheckRun& run) {
        std::set<std::string> folders;
        if (!file_.empty()) folders.insert(std::filesystem::path(file_).parent_path());
        if (!data_dir_.empty()) folders.insert(data_dir_);
        std::string seen;
        for (const std::string& folder : folders) {
            const ops::DiskSpace disk = ops::disk_space_of(folder);
            seen += (seen.empty() ? "" : ", ") + std::to_string(disk.available_bytes >> 20U) +
                    " MiB left for " + base::quoted(folder);
            ops::judge_disk(run, disk);
        }
        if (seen.empty()) return run.skip("nothing of findme is kept on this machine");
        run.see(seen);
    }

    static constexpr const char* kNotCurrent = "the schema is not the one of this release";

    const LoadedConfig& config_;
    const std::string& data_dir_;
    Repairs repairs_;
    DoctorObserver& observer_;
    std::string url_;
    std::string file_;  ///< Of an embedded database; empty for a server.
    /// In use; until that is known, or when it cannot be known, the release's own.
    Calibration calibration_ = config::parse_manifest(config::embedded_manifest_yaml()).calibration;
    DoctorReport report_;
    std::shared_ptr<db::Database> database_;
    std::shared_ptr<db::Connection> connection_;  ///< Null while the database cannot be asked.
    store::ServerFacts server_;
    std::string journal_mode_;
    bool is_findmes_ = false;
    bool is_current_ = false;
};

}  // namespace

DoctorReport examine(const LoadedConfig& config, const std::string& data_dir, Repairs repairs,
                     DoctorObserver& observer) {
    return Examination(config, data_dir, repairs, observer).run();
}

DoctorReport examine(const LoadedConfig& config, const std::string& data_dir, Repairs repairs) {
    DoctorObserver nobody;
    return examine(config, data_dir, repairs, nobody);
}

}  // namespace findme
