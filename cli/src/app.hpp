#pragma once

#include <istream>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "exit_code.hpp"
#include "findme/config.hpp"

namespace findme::cli {

/// Where a run reads and writes; tests bring string streams.
struct Terminal {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool err_is_terminal = false;
    /// Whether the process is the run's alone: it takes signals over, and a time limit may end it.
    bool owns_signals = false;
    /// The file behind `err`, for threads that must not wait for the stream; -1: none.
    int err_descriptor = -1;
};

/// The whole tool: parses, runs one command, renders, and turns every failure into a sentence and an exit
/// code.
/// @param    arguments  without the program's name.
/// @threads  one call at a time per Terminal.
ExitCode run_app(const std::vector<std::string>& arguments, const Environment& environment,
                 Terminal terminal);

}  // namespace findme::cli
