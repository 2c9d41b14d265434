#include "cmd/commands.hpp"
#include "output/json.hpp"

namespace findme::cli {
namespace {

ExitCode run_version(Context& context) {
    if (!context.is_text()) {
        Json json = {{"type", "version"}, {"v", 1}, {"version", version()}, {"build", Json::object()}};
        for (const auto& [name, value] : build_info()) json["build"][name] = value;
        write_line(context.out(), json);
        return ExitCode::done;
    }
    context.out() << "findme " << version() << '\n';
    if (context.options.verbose) {
        for (const auto& [name, value] : build_info()) context.out() << name << ": " << value << '\n';
    }
    return ExitCode::done;
}

}  // namespace

void setup_version(CLI::App& app, Action& action) {
    app.add_subcommand("version", "Show the version; with -v also what it was built with")
        ->callback([&action] { action = run_version; });
}

}  // namespace findme::cli
