#include <memory>

#include "cmd/commands.hpp"
#include "usage.hpp"

namespace findme::cli {
namespace {

ExitCode run_help(Context& context, CLI::App& app, const std::vector<std::string>& words) {
    CLI::App* command = &app;
    std::string path = app.get_name();
    std::string before;
    for (const auto& word : words) {
        const auto found =
            command->get_subcommands([&](const CLI::App* inner) { return inner->get_name() == word; });
        if (found.empty())
            throw Error(ErrorCode::invalid_argument, unknown_command(*command, path, word), word);
        command = found.front();
        before = path;
        path += " " + word;
    }
    // The tool's own help() would be that of the command that was chosen: this one.
    context.out() << (words.empty() ? app.get_formatter()->make_help(&app, path, CLI::AppFormatMode::Normal)
                                    : command->help(before));
    return ExitCode::done;
}

}  // namespace

void setup_help(CLI::App& app, Action& action) {
    auto words = std::make_shared<std::vector<std::string>>();
    auto* help = app.add_subcommand("help", "Say what a command does and takes, as its --help does");
    help->add_option("command", *words, "The command, as in event create")->type_name("COMMAND");
    help->callback([&app, &action, words] {
        action = [&app, words](Context& context) { return run_help(context, app, *words); };
    });
}

}  // namespace findme::cli
