#include <memory>

#include "cmd/commands.hpp"
#include "completion/completion.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

// Installed files are found by themselves; these are for who installs into a folder of their own.
constexpr auto kWhere =
    "\nAn installation brings the scripts along. To have one without it:\n"
    "  bash  findme completion bash > ~/.local/share/bash-completion/completions/findme\n"
    "  zsh   findme completion zsh > DIR/_findme, with fpath+=(DIR) before compinit in ~/.zshrc\n"
    "  fish  findme completion fish > ~/.config/fish/completions/findme.fish\n"
    "The folder has to be there: mkdir -p makes it.\n";

}  // namespace

void setup_completion(CLI::App& app, Action& action) {
    auto* completion =
        app.add_subcommand("completion", "Print the script that completes commands in a shell");
    auto shell = std::make_shared<std::string>();
    completion->add_option("shell", *shell, "bash, zsh or fish")
        ->required()
        ->check(one_of({"bash", "zsh", "fish"}))
        ->type_name("SHELL");
    completion->footer(std::string(kExitCodeHelp) + "\n" + kWhere);
    completion->callback([&app, &action, shell] {
        action = [&app, shell](Context& context) {
            const auto tool = command_tree(app);
            const auto schema = config_schema();
            if (*shell == "bash") write_bash(context.out(), tool, schema);
            if (*shell == "zsh") write_zsh(context.out(), tool, schema);
            if (*shell == "fish") write_fish(context.out(), tool, schema);
            return ExitCode::done;
        };
    });
}

}  // namespace findme::cli
