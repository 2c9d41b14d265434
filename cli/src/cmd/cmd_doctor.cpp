#include <algorithm>
#include <memory>

#include "cmd/commands.hpp"
#include "output/doctor.hpp"

namespace findme::cli {
namespace {

struct DoctorOptions {
    bool fix = false;
    bool dry_run = false;
};

/// Where the settings say everything, no folder of the user's is needed.
std::string data_dir_of(const Context& context, const Config& config) {
    const bool needed = config.database_url.empty() || config.models_dir.empty();
    return needed ? user_data_dir(context.environment()) : std::string();
}

/// The check of the configuration has told of it already, and can mend it.
bool is_readable_password(const ErrorInfo& problem) {
    return problem.code == ErrorCode::secret_exposed;
}

/// What load_config would refuse, as findings of the check that comes first.
void add_problems(DoctorReport& report, const std::vector<ErrorInfo>& problems) {
    if (problems.empty()) return;
    if (report.checks.empty()) report.checks.push_back({"configuration", "cannot be used", false, {}});
    for (const ErrorInfo& problem : problems) {
        if (is_readable_password(problem)) continue;
        report.checks.front().findings.push_back(
            {"configuration.invalid", Severity::error, problem.code, problem.message,
             "correct it; findme.yaml(5) lists every setting", false, false});
    }
}

DoctorReport examine_all(Context& context, Repairs repairs) {
    const ConfigReport& config = context.config_report();
    std::vector<ErrorInfo> problems = config.problems;
    // With half of the settings nobody knows whose database this is: it is looked at and left alone.
    if (!std::all_of(problems.begin(), problems.end(), is_readable_password)) repairs = Repairs::none;
    DoctorReport report;
    try {
        report = examine(config.loaded, data_dir_of(context, config.loaded.config), repairs);
    } catch (const Error& error) {
        problems.push_back(error.info());
    }
    add_problems(report, problems);
    return report;
}

ExitCode run_doctor(Context& context, const DoctorOptions& options) {
    if (options.dry_run && !options.fix)
        throw Error(ErrorCode::invalid_argument, "--dry-run says what --fix would mend: give both");
    const bool mends = options.fix && !options.dry_run;
    const DoctorReport report = examine_all(context, mends ? Repairs::safe : Repairs::none);
    print_doctor(context, report, mends ? Mending::done : options.fix ? Mending::dry_run : Mending::none);
    return exit_code_of(report);
}

}  // namespace

void setup_doctor(CLI::App& app, Action& action) {
    auto options = std::make_shared<DoctorOptions>();
    auto* doctor =
        app.add_subcommand("doctor", "Look for everything that is or will be wrong, and say what to do");
    doctor->add_flag("--fix", options->fix, "Mend what can be mended without loss");
    doctor->add_flag("-n,--dry-run", options->dry_run, "With --fix: only say what would be mended");
    doctor->callback(
        [&action, options] { action = [options](Context& c) { return run_doctor(c, *options); }; });
}

}  // namespace findme::cli
