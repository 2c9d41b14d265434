#include "app.hpp"

#include <cerrno>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "cmd/commands.hpp"
#include "completion/command_tree.hpp"
#include "context.hpp"
#include "run.hpp"
#include "usage.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

void add_global_options(CLI::App& app, GlobalOptions& options) {
    app.add_option("--database", options.database,
                   "sqlite:PATH or postgresql://... (default: FINDME_DATABASE_URL, the configuration, then "
                   "the user's "
                   "data folder)")
        ->type_name("URL");
    app.add_option("--config", options.config_file, "Configuration file (default: FINDME_CONFIG)")
        ->type_name("FILE");
    app.add_option("--set", options.settings, "Any setting, for this run; see `findme config template`")
        ->check(text_that(
            [](const std::string& text) {
                return text.find('=') != std::string::npos && text.front() != '=';
            },
            "KEY=VALUE, as in --set index.jobs=2"))
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
    app.add_option_function<std::string>(
           "-o,--output",
           [&options](const std::string& format) {
               options.output = format == "json"    ? OutputFormat::json
                                : format == "jsonl" ? OutputFormat::jsonl
                                                    : OutputFormat::text;
           },
           "text, json (one document) or jsonl (one object a line)")
        ->check(one_of({"text", "json", "jsonl"}))
        ->type_name("FORMAT");
    app.add_flag("-q,--quiet", options.quiet, "Only results and errors");
    app.add_flag("-v,--verbose", options.verbose, "Say more, and log what happens; twice: log everything");
    app.add_flag("--no-progress", options.no_progress, "No progress line on a terminal");
    app.add_option("--metrics-file", options.metrics_file,
                   "Write how the run ended to this file, for node_exporter's textfile collector")
        ->type_name("FILE");
    constexpr int kMostSeconds = 31'536'000;
    app.add_option("--timeout", options.timeout_s, "Stop after so long, with exit code 6")
        ->check(whole_number(1, kMostSeconds))
        ->type_name("SECONDS");
}

/// Output that did not arrive is a failure, not a detail.
ExitCode require_written(Context& context, ExitCode exit) {
    errno = 0;
    context.out().flush();
    if (context.out()) return exit;
    const std::string why = errno != 0 ? ": " + std::generic_category().message(errno) : "";
    context.complain({ErrorCode::file_unwritable, "cannot write to the standard output" + why});
    return ExitCode::failed;
}

CommandLine command_line_of(const CLI::App& app) {
    CommandLine line;
    const auto* command = &app;
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
        line.name += (line.name.empty() ? "" : " ") + command->get_name();
    }
    const auto* dry_run = command->get_option_no_throw("--dry-run");
    line.dry_run = dry_run != nullptr && dry_run->count() > 0;
    return line;
}

/// What somebody gave on the command line is judged also where the command would not have asked for it.
bool names_configuration(const Context& context) {
    return !context.options.settings.empty() || !context.options.config_file.empty();
}

/// These say themselves what is wrong with it.
bool judges_configuration(std::string_view command) {
    return command == "config check" || command == "doctor";
}

/// Every failure becomes a sentence and an exit code here.
ExitCode run_action(Context& context, const Action& action, const CommandLine& command) {
    std::optional<Run> run;
    ExitCode exit = ExitCode::failed;
    try {
        run.emplace(context, command);
        if (names_configuration(context) && !judges_configuration(command.name))
            require_good(context.config_report());
        exit = require_written(context, action(context));
    } catch (const Error& error) {
        const ErrorInfo info = run ? run->judged(error.info()) : error.info();
        context.complain(info);
        context.out().flush();
        exit = exit_code_of(info.code);
    } catch (const std::bad_alloc&) {
        context.complain({ErrorCode::internal, "out of memory (fewer --jobs need less)"});
    } catch (const std::exception& error) {
        context.complain(
            {ErrorCode::internal, std::string("internal error, please report it: ") + error.what()});
    }
    return run ? run->finish(exit) : exit;
}

/// A timer whose command line is wrong is to be seen as well as one whose run fails. The option need not have
/// come as far as into the options; what was read of it is there all the same.
void tell_of_refusal(Context& context, const CLI::App& app) {
    const auto* metrics_file = app.get_option("--metrics-file");
    if (metrics_file->count() == 0) return;
    try {
        write_down_refusal(metrics_file->results().back(), command_line_of(app).name);
    } catch (const Error& error) {
        context.complain(error.info());
    }
}

}  // namespace

ExitCode run_app(const std::vector<std::string>& arguments, const Environment& environment,
                 Terminal terminal) {
    Context context(environment, terminal);
    CLI::App app("Finds people in event photos.", "findme");
    app.set_version_flag("--version", "findme " + std::string(version()));
    app.fallthrough()->require_subcommand(1)->footer(kExitCodeHelp);
    app.get_formatter()->column_width(34);
    add_global_options(app, context.options);
    Action action;
    setup_event(app, action);
    setup_index(app, action);
    setup_match(app, action);
    setup_photo(app, action);
    setup_queue(app, action);
    setup_model(app, action);
    setup_config(app, action);
    setup_completion(app, action);
    setup_migrate(app, action);
    setup_user(app, action);
    setup_token(app, action);
    setup_audit(app, action);
    setup_serve_health(app, action);
    setup_doctor(app, action);
    setup_version(app, action);
    setup_help(app, action);
    bind_settings(app);

    try {
        std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
        app.parse(std::move(reversed));
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {  // --help, --version
            app.exit(error, context.out(), context.err());
            return require_written(context, ExitCode::done);
        }
        auto problems = usage_problems(app, error, arguments);
        ErrorInfo first = problems.front();
        if (problems.size() > 1) first.problems = std::move(problems);
        context.complain(first);
        tell_of_refusal(context, app);
        return ExitCode::usage;
    }
    return run_action(context, action, command_line_of(app));
}

}  // namespace findme::cli
