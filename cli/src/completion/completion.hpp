#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "completion/command_tree.hpp"
#include "findme/config.hpp"

namespace findme::cli {

using Schema = std::vector<ConfigEntry>;

/// Each writes a whole script for its shell.
void write_bash(std::ostream& out, const CompletedCommand& tool, const Schema& schema);
void write_zsh(std::ostream& out, const CompletedCommand& tool, const Schema& schema);
void write_fish(std::ostream& out, const CompletedCommand& tool, const Schema& schema);

/// The parts that are the same whatever the commands: functions.bash and functions.fish.
[[nodiscard]] std::string_view bash_functions();
[[nodiscard]] std::string_view fish_functions();

/// Between single quotes, as every POSIX shell takes it.
[[nodiscard]] std::string shell_quoted(std::string_view text);
/// With a blank between.
[[nodiscard]] std::string joined(const std::vector<std::string>& words);
/// The tool itself and every command below, in the order of --help.
[[nodiscard]] std::vector<const CompletedCommand*> all_commands(const CompletedCommand& tool);
/// Values a setting may have, where they can be listed.
[[nodiscard]] std::vector<std::string> values_of(const ConfigEntry& entry);

}  // namespace findme::cli
