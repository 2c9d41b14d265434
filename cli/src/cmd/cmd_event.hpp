#pragma once

#include "cmd/commands.hpp"

namespace findme::cli {

/// `event delete` and `event purge`.
void setup_event_erase(CLI::App& event, Action& action);

}  // namespace findme::cli
