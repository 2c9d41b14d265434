#pragma once

#include <string>

#include "cmd/commands.hpp"

namespace findme::cli {

/// `--wait[=SECONDS]` of commands that run one at a time.
struct WaitOption {
    std::string value;  ///< As it was given; empty: it was not.
};

void add_wait_option(CLI::App& command, WaitOption& wait);

/// Keeps other runs of this command out while it lives.
/// @param name      of what may run once, as in `index-12`.
/// @param activity  for the message, as in `is indexing this event`.
/// @param kind      shared: only runs that do not share it are kept out.
/// @errors throws Error{store_locked, cancelled}.
[[nodiscard]] RunLock lock_run(Context& context, const WaitOption& wait, const std::string& name,
                               const std::string& activity, const std::stop_token& stop,
                               RunLockKind kind = RunLockKind::alone);

}  // namespace findme::cli
