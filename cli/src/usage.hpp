#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "findme/error.hpp"

namespace findme::cli {

/// Everything that is wrong with a command line that CLI11 has refused: it stops at the first, this looks at
/// what it has read so far and goes on. All unknown options and commands, bad values, what is missing, and
/// what excludes each other; what the library judges, as names and codes, comes later. No message repeats
/// what may be a secret: an argument, or what stands behind an option that is not there.
/// @param    app        after its parse().
/// @param    error      what parse() threw.
/// @param    arguments  what it was given.
/// @return   at least one, each Error{invalid_argument}.
[[nodiscard]] std::vector<ErrorInfo> usage_problems(CLI::App& app, const CLI::ParseError& error,
                                                    const std::vector<std::string>& arguments);

/// The word that was given where a command's name belongs is none: with the nearest, or those there are.
/// @param path  of the command that it belongs to, as in `findme event`.
[[nodiscard]] std::string unknown_command(CLI::App& command, const std::string& path,
                                          const std::string& word);

}  // namespace findme::cli
