#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "findme/clock.hpp"
#include "findme/config.hpp"
#include "findme/export.hpp"

namespace findme {

enum class MigrationState {
    applied,
    baseline,  ///< Recorded when an existing database was adopted; its SQL was never run here.
    pending,
    altered,  ///< Applied, but its file has another text by now.
    unknown,  ///< Applied by a newer findme: this one has no file for it.
};
/// `applied`, `baseline`, `pending`, `altered`, `unknown`.
FINDME_API std::string_view to_string(MigrationState state) noexcept;

/// One numbered step and what the database knows of it.
struct MigrationInfo {
    std::int64_t version = 0;
    std::string name;
    MigrationState state = MigrationState::pending;
    std::string checksum;  ///< Of the file; of the history where there is no file. See migration_checksum.
    std::optional<Timestamp> applied_at;
    std::string applied_by;  ///< The database's role; empty where there are none.
    std::int64_t execution_ms = 0;
};

struct MigrationStatus {
    std::string database;       ///< Safe to print.
    std::int64_t current = 0;   ///< The highest version applied; 0 for none.
    std::int64_t newest = 0;    ///< The highest version this findme (or `dir`) has.
    std::int64_t baseline = 0;  ///< The version an adopted database began at; 0 when it was not adopted.
    bool adoptable = false;     ///< Holds tables but no history: `adopt` may take it.
    std::vector<MigrationInfo> steps;

    [[nodiscard]] FINDME_API bool up_to_date() const noexcept;
};

enum class MigrationDirection { up, down };
FINDME_API std::string_view to_string(MigrationDirection direction) noexcept;

/// One text that is sent to the database as it stands.
struct MigrationStatement {
    std::string sql;
    bool repeat = false;     ///< Sent again until it changes no row: a backfill in batches.
    std::string index = {};  ///< The index that it makes CONCURRENTLY: dropped again when it fails.
};

/// What running a step would lose for good.
struct MigrationLoss {
    std::string object;     ///< As in `table faces` or `column photos.content_hash`.
    std::int64_t rows = 0;  ///< Rows that hold something there now.
};

struct PlannedStep {
    std::int64_t version = 0;  ///< 0 for work that is no numbered step: the record of an adoption, a repair.
    std::string name;
    MigrationDirection direction = MigrationDirection::up;
    /// All statements in one transaction. Otherwise each stands for itself, and a run that was stopped
    /// between two goes on where it was.
    bool transactional = true;
    std::vector<MigrationStatement> statements;
    std::vector<MigrationLoss> losses;  ///< Only those with rows.
    std::vector<std::string> notes;     ///< What else to know, a sentence each.
};

struct MigrationPlan {
    std::string
        id;  ///< 16 hexadecimal digits over state and SQL: equal ids run equal SQL from an equal start.
    std::string database;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::vector<PlannedStep> steps;

    /// Every statement in order, each ended by a line break: what a run sends, byte for byte.
    [[nodiscard]] FINDME_API std::string sql() const;
    [[nodiscard]] FINDME_API bool loses_data() const;
};

/// One way in which a live schema is not what the migrations make.
struct SchemaDifference {
    enum class Kind { missing, extra, changed };
    Kind kind = Kind::missing;
    std::string object;       ///< As in `index users_email_event_unique`, `column users.email`.
    std::string expected;     ///< Empty when it is extra.
    std::string found;        ///< Empty when it is missing.
    bool accepted = false;    ///< Was so when the database was adopted.
    bool repairable = false;  ///< `repair` can make it right without loss.
};
FINDME_API std::string_view to_string(SchemaDifference::Kind kind) noexcept;

struct VerifyReport {
    MigrationStatus status;
    std::vector<SchemaDifference> differences;
    /// No step altered or unknown, no difference that was not accepted. Pending steps are no fault of a
    /// schema.
    [[nodiscard]] FINDME_API bool good() const;
};

/// Rows of an existing database that a rule to come has no room for.
struct DuplicateRows {
    std::string rule;               ///< The unique index to come.
    std::string value;              ///< What they share, as findme compares it; e-mail addresses are masked.
    std::vector<std::int64_t> ids;  ///< Of `users`, ascending.
};

/// What `adopt` found and would do.
struct AdoptionPlan {
    std::string release;                    ///< `v87`, `v88`, or what it is between.
    std::int64_t baseline = 0;              ///< Steps up to here are there already.
    std::vector<std::string> findings;      ///< A sentence each.
    std::vector<DuplicateRows> duplicates;  ///< Not empty: it cannot be adopted as it is.
    std::vector<SchemaDifference> accepted;
    MigrationPlan plan;
};

/// Reports of a run while it goes on. Called on the caller's thread.
class FINDME_API MigrationObserver {
  public:
    virtual ~MigrationObserver() = default;
    virtual void on_step(const PlannedStep& /*step*/) {}
    /// @param index  of the statement, from 0. @param rows  changed by repeated statements so far.
    virtual void on_statement(const PlannedStep& /*step*/, std::size_t /*index*/, std::int64_t /*rows*/) {}
    virtual void on_step_done(const PlannedStep& /*step*/, std::chrono::milliseconds /*took*/) {}
    /// Something holds the run up: another migration, a lock, a server that starts.
    virtual void on_wait(const std::string& /*why*/) {}
};

struct MigratorOptions {
    std::string
        dir;  ///< Folder of NNNN_name.{up,down}.sql files instead of the embedded ones; empty: embedded.
    std::chrono::milliseconds lock_timeout{10'000};  ///< For the one runner at a time, and for tables in use.
    std::chrono::milliseconds wait{0};               ///< For a database that does not answer yet.
    std::stop_token stop;                            ///< Stops between two statements.
    std::string actor = "library";                   ///< Who is at work, for the audit.
};

enum class DataLoss { refuse, accept };
enum class AlteredFiles { refuse, accept };

/// Looks after the schema of one database. One thread at a time; processes wait for one another.
/// @errors throws Error{store_*}; Error{store_locked} when another migration holds the lock for longer than
///         `lock_timeout`; Error{schema_mismatch} when an applied file was altered, naming it;
///         Error{schema_too_new} when the history knows steps that this findme does not;
///         Error{config_invalid} for a bad `dir`; Error{cancelled}: steps done stay done.
class FINDME_API Migrator {
  public:
    /// @param data_dir  where the database is when the configuration does not say.
    Migrator(const Config& config, const std::string& data_dir, MigratorOptions options);
    Migrator(const Migrator&) = delete;
    Migrator& operator=(const Migrator&) = delete;
    ~Migrator();

    [[nodiscard]] MigrationStatus status();
    /// What up() would run now.
    [[nodiscard]] MigrationPlan plan();
    /// Brings the schema to the newest step.
    /// @param plan_id  not empty: refuses with Error{plan_changed} unless plan() has this id under the lock.
    /// @return the steps that were run.
    MigrationPlan up(const std::string& plan_id, DataLoss loss, MigrationObserver& observer);
    /// @param to  the version that stays; 0 leaves an empty database.
    [[nodiscard]] MigrationPlan plan_down(std::int64_t to);
    /// @errors throws Error{confirmation_required} when rows would be lost and `loss` refuses,
    ///         Error{invalid_argument} below the baseline of an adopted database.
    MigrationPlan down(std::int64_t to, DataLoss loss, MigrationObserver& observer);
    [[nodiscard]] VerifyReport verify();
    /// @errors throws Error{schema_mismatch} when the database is no FindMe database, saying what it lacks.
    [[nodiscard]] AdoptionPlan plan_adoption();
    /// Records the baseline and applies the rest. An adoption that was stopped goes on. Where there are
    /// duplicates nothing is changed.
    AdoptionPlan adopt(MigrationObserver& observer);
    /// Makes again what verify() misses and calls repairable, drops what an interrupted run left half made,
    /// and records the new checksums of altered files when they are accepted.
    [[nodiscard]] MigrationPlan plan_repair(AlteredFiles altered_files);
    MigrationPlan repair(AlteredFiles altered_files, MigrationObserver& observer);

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace findme
