#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "context.hpp"

namespace findme::cli {

/// Where a secret comes from; never an option's value or the environment, which others can see.
struct SecretSource {
    bool from_stdin = false;
    std::string file;
    int fd = -1;
    std::string name;  ///< Of the options, for messages.
};

/// Whether one of the options was there.
[[nodiscard]] bool is_given(const SecretSource& source);

/// `--NAME-stdin`, `--NAME-file FILE` and `--NAME-fd N`; at most one of them.
/// @param what  as in "The password".
void add_secret_options(CLI::App& command, SecretSource& source, const std::string& name,
                        const std::string& what);

/// Reads it: up to the end of a file or a descriptor, the first line of the standard input. One line end
/// behind it is not part of it. Where no option was given the terminal is asked, without echo; a terminal
/// that is the standard input never shows it either.
/// @errors throws Error{invalid_argument} when it is empty or too long, when others may read the file, or
///         when there is nobody to ask; Error{file_unreadable}.
[[nodiscard]] Secret read_secret(Context& context, const SecretSource& source, const std::string& prompt);

}  // namespace findme::cli
