#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

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

ExitCode run_doctor(Context& context, const DoctorOptions& options) {
    if (options.dry_run && !options.fix)
        throw Error(ErrorCode::invalid_argument, "--dry-run says what --fix would mend: give both");
    const bool mends = options.fix && !options.dry_run;
    const ConfigReport& config = context.config_report();
    std::vector<ErrorInfo> problems;
    std::copy_if(config.problems.begin(), config.problems.end(), std::back_inserter(problems),
                 [](const ErrorInfo& problem) { return !is_readable_password(problem); });
    // With half of the settings nobody knows whose database this is: it is looked at and left alone.
    const Repairs repairs = mends && problems.empty() ? Repairs::safe : Repairs::none;
    std::optional<std::string> data_dir;
    try {
        data_dir = data_dir_of(context, config.loaded.config);
    } catch (const Error& error) {
        problems.push_back(error.info());
    }
    DoctorPrinter printer(context,
                          mends         ? Mending::done
                          : options.fix ? Mending::dry_run
                                        : Mending::none,
                          std::move(problems));
    if (data_dir) {
        examine(config.loaded, *data_dir, repairs, printer);
    } else {
        printer.on_checked({"configuration", "cannot be used", false, {}});
    }
    return printer.finish();
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
