#pragma once

#include "findme/error.hpp"

namespace findme::cli {

/// The one table of exit codes; it stands in --help, in the man page and in JSON errors.
enum class ExitCode {
    done = 0,
    failed = 1,
    usage = 2,
    partial = 3,  ///< Finished, but some items failed.
    nothing = 4,  ///< Nothing matched, or not found.
    denied = 5,
    conflict = 6,  ///< In use, locked, unreachable or timed out: safe to try again.
    schema = 7,    ///< The schema needs `findme migrate`.
    corrupt = 8,   ///< Data or a model file is damaged.
    interrupted = 130,
};

[[nodiscard]] ExitCode exit_code_of(ErrorCode code) noexcept;

/// For --help.
inline constexpr const char* kExitCodeHelp =
    "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 finished but some items failed,\n"
    "4 nothing matched or not found, 5 denied,\n"
    "6 conflict, locked, unreachable or timed out (safe to try again),\n"
    "7 the schema needs `findme migrate`, 8 data corrupt, 130 interrupted.";

}  // namespace findme::cli
