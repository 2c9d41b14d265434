#include <memory>

#include "cmd/commands.hpp"
#include "findme/migrate.hpp"
#include "output/migration.hpp"
#include "output/text.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

struct MigrateOptions {
    std::string dir;
    double lock_timeout_s = 10;
    double wait_s = 0;
    std::string plan_id;
    std::int64_t to = 0;
    bool yes = false;
    bool dry_run = false;
    bool accept_checksums = false;
};

/// Tells people on the error stream what goes on; results are printed when they are there.
class Narrator final : public MigrationObserver {
  public:
    explicit Narrator(Context& context) : context_(context) {}

    void on_step(const PlannedStep& step) override {
        context_.say(step_label(step) + " ...");
        for (const auto& note : step.notes) context_.say("  " + note);
    }
    void on_statement(const PlannedStep& /*step*/, std::size_t /*index*/, std::int64_t rows) override {
        if (rows > 0) context_.say("  " + counted(rows, "row") + " so far");
    }
    void on_step_done(const PlannedStep& step, std::chrono::milliseconds took) override {
        const LogField fields[] = {{"step", std::to_string(step.version)},
                                   {"direction", std::string(to_string(step.direction))},
                                   {"ms", std::to_string(took.count())}};
        context_.log().write(LogLevel::info, "migration_step_done", fields);
        context_.say(step_label(step) + " done in " + std::to_string(took.count()) + " ms");
    }
    void on_wait(const std::string& why) override { context_.say("waiting: " + why); }

  private:
    Context& context_;
};

std::chrono::milliseconds milliseconds(double seconds) {
    return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

MigratorOptions migrator_options(Context& context, const MigrateOptions& options) {
    MigratorOptions made;
    made.dir = options.dir;
    made.lock_timeout = milliseconds(options.lock_timeout_s);
    made.wait = milliseconds(options.wait_s);
    made.stop = context.take_stops("stopping after this statement");
    made.actor = Context::actor();
    return made;
}

/// A migrator, and who tells of it.
struct Migration {
    Migration(Context& context, const MigrateOptions& options)
        : narrator(context),
          migrator(context.config().config, context.data_dir(), migrator_options(context, options)) {}

    Narrator narrator;
    Migrator migrator;
};

ExitCode run_up(Context& context, const MigrateOptions& options) {
    Migration run(context, options);
    if (options.dry_run) {
        const MigrationPlan plan = run.migrator.plan();
        if (!options.plan_id.empty() && options.plan_id != plan.id) {
            throw Error(ErrorCode::plan_changed, "the plan is " + plan.id + " by now: look at it again",
                        plan.id);
        }
        print_plan(context, plan);
        return ExitCode::done;
    }
    const MigrationPlan done =
        run.migrator.up(options.plan_id, options.yes ? DataLoss::accept : DataLoss::refuse, run.narrator);
    print_run(context, done);
    return ExitCode::done;
}

ExitCode run_plan(Context& context, const MigrateOptions& options) {
    Migration run(context, options);
    print_plan(context, run.migrator.plan());
    return ExitCode::done;
}

ExitCode run_status(Context& context, const MigrateOptions& options) {
    Migration run(context, options);
    const MigrationStatus status = run.migrator.status();
    print_status(context, status);
    return status.up_to_date() ? ExitCode::done : ExitCode::schema;
}

ExitCode run_verify(Context& context, const MigrateOptions& options) {
    Migration run(context, options);
    const VerifyReport report = run.migrator.verify();
    print_verify(context, report);
    return report.good() ? ExitCode::done : ExitCode::schema;
}

ExitCode run_down(Context& context, const MigrateOptions& options) {
    Migration run(context, options);
    if (options.dry_run) {
        print_plan(context, run.migrator.plan_down(options.to));
        return ExitCode::done;
    }
    const MigrationPlan done =
        run.migrator.down(options.to, options.yes ? DataLoss::accept : DataLoss::refuse, run.narrator);
    print_run(context, done);
    return ExitCode::done;
}

ExitCode run_adopt(Context& context, const MigrateOptions& options) {
    Migration run(context, options);
    const AdoptionPlan adoption =
        options.dry_run ? run.migrator.plan_adoption() : run.migrator.adopt(run.narrator);
    print_adoption(context, adoption, options.dry_run);
    if (adoption.duplicates.empty()) return ExitCode::done;
    context.complain(
        {ErrorCode::constraint,
         "the database cannot be adopted while accounts share what must be unique: rename or delete "
         "one of each, then run this again (nothing was changed)"});
    return ExitCode::conflict;
}

ExitCode run_repair(Context& context, const MigrateOptions& options) {
    const AlteredFiles altered = options.accept_checksums ? AlteredFiles::accept : AlteredFiles::refuse;
    Migration run(context, options);
    if (options.dry_run) {
        print_plan(context, run.migrator.plan_repair(altered));
        return ExitCode::done;
    }
    const MigrationPlan done = run.migrator.repair(altered, run.narrator);
    const VerifyReport left = run.migrator.verify();
    print_repair(context, done, left);
    return left.good() ? ExitCode::done : ExitCode::schema;
}

using Runner = ExitCode (*)(Context&, const MigrateOptions&);

/// The options that stand before or after the verb, and which verbs mean something by them.
struct Verb {
    Runner run;
    bool takes_plan = false;
    bool takes_yes = false;
    bool takes_dry_run = false;
};

void refuse_idle_options(const Verb& verb, const MigrateOptions& options) {
    const auto refuse = [](const char* option) {
        throw Error(
            ErrorCode::invalid_argument,
            std::string(option) + " means nothing to this verb of migrate (see `findme migrate --help`)",
            option);
    };
    if (!options.plan_id.empty() && !verb.takes_plan) refuse("--plan");
    if (options.yes && !verb.takes_yes) refuse("--yes");
    if (options.dry_run && !verb.takes_dry_run) refuse("--dry-run");
}

}  // namespace

void setup_migrate(CLI::App& app, Action& action) {
    auto* migrate = app.add_subcommand("migrate", "Look after the database's schema; without a verb: up")
                        ->require_subcommand(0, 1);
    auto options = std::make_shared<MigrateOptions>();
    const auto runs = [&action, options](CLI::App* command, Verb verb) {
        // The callback of `migrate` itself is called after that of its verb, too.
        command->callback([&action, options, command, verb] {
            if (!command->get_subcommands().empty()) return;
            action = [options, verb](Context& context) {
                refuse_idle_options(verb, *options);
                return verb.run(context, *options);
            };
        });
    };
    migrate
        ->add_option("--dir", options->dir,
                     "Folder of NNNN_name.{up,down}.sql to use instead of the built-in steps")
        ->type_name("DIR");
    migrate
        ->add_option("--lock-timeout", options->lock_timeout_s,
                     "Wait so long for another migration, or for tables in use (default 10)")
        ->check(number(0, 86400))
        ->type_name("SECONDS");
    migrate
        ->add_option("--wait", options->wait_s,
                     "Wait so long for a database that does not answer yet (default 0)")
        ->check(number(0, 86400))
        ->type_name("SECONDS");

    // Before or after the verb.
    migrate
        ->add_option("--plan", options->plan_id,
                     "up: run only the plan of this id, as `migrate plan` printed it")
        ->type_name("ID");
    migrate->add_flag("--yes", options->yes, "Agree to losing what the plan says would be lost");
    migrate->add_flag("-n,--dry-run", options->dry_run, "Only say what would be done");
    const Verb up{.run = run_up, .takes_plan = true, .takes_yes = true, .takes_dry_run = true};
    runs(migrate, up);

    runs(migrate->add_subcommand("up", "Bring the schema to the newest step (the default)"), up);
    runs(migrate->add_subcommand("plan", "Print the exact SQL that `up` would run, and its id"),
         {.run = run_plan});
    runs(migrate->add_subcommand("status", "Show every step; exit code 7 when some are pending"),
         {.run = run_status});
    runs(migrate->add_subcommand("verify", "Compare history, checksums and the live schema with the steps"),
         {.run = run_verify});
    runs(migrate->add_subcommand("adopt", "Take over the database of an existing FindMe service"),
         {.run = run_adopt, .takes_dry_run = true});
    auto* down = migrate->add_subcommand("down", "Take steps back");
    down->add_option("--to", options->to, "The step that stays the newest; 0 empties the database")
        ->required()
        ->check(whole_number(0))
        ->type_name("N");
    runs(down, {.run = run_down, .takes_yes = true, .takes_dry_run = true});
    auto* repair = migrate->add_subcommand("repair", "Make again what verify misses, where nothing is lost");
    repair->add_flag("--accept-checksums", options->accept_checksums,
                     "Record the new texts of steps that were changed after they were applied");
    runs(repair, {.run = run_repair, .takes_dry_run = true});
}

}  // namespace findme::cli
