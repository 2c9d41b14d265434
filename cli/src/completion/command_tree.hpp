#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace findme::cli {

/// What may stand behind a flag, or as a command's arguments.
struct Values {
    enum class Kind { none, any, words, files, folders, settings };
    Kind kind = Kind::none;
    std::vector<std::string> words;
};

struct CompletedFlag {
    std::vector<std::string> names;  ///< `-o`, `--output`.
    std::string help;
    std::string value_name;  ///< `FORMAT`; empty without a value.
    Values values;
    bool repeats = false;
};

/// A command as its completions see it.
struct CompletedCommand {
    std::string name;
    std::string path;  ///< `event list`; empty for the tool itself.
    std::string help;
    std::vector<CompletedFlag> flags;  ///< Its own; those of the commands around it hold as well.
    std::vector<CompletedCommand> commands;
    Values arguments;
};

/// The tool as it was set up: every command, flag and value that can be told beforehand.
[[nodiscard]] CompletedCommand command_tree(CLI::App& app);

/// Lets each flag that stands in for a setting name it in its help, and take what the setting takes.
void bind_settings(CLI::App& app);

}  // namespace findme::cli
