#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "context.hpp"

namespace findme::cli {

/// What a parsed command line comes down to.
using Action = std::function<ExitCode(Context&)>;

/// Each adds its command with its options to the application. A chosen command puts what is to be done into
/// `action`, which runs once the whole line is parsed.
void setup_event(CLI::App& app, Action& action);
void setup_index(CLI::App& app, Action& action);
void setup_match(CLI::App& app, Action& action);
void setup_photo(CLI::App& app, Action& action);
void setup_queue(CLI::App& app, Action& action);
void setup_model(CLI::App& app, Action& action);
void setup_config(CLI::App& app, Action& action);
/// To be set up at the application itself, which it walks.
void setup_completion(CLI::App& app, Action& action);
void setup_migrate(CLI::App& app, Action& action);
void setup_token(CLI::App& app, Action& action);
void setup_audit(CLI::App& app, Action& action);
void setup_user(CLI::App& app, Action& action);
/// Parts of setup_user().
void setup_user_import(CLI::App& user, Action& action);
void setup_user_selfie(CLI::App& user, Action& action);
void setup_doctor(CLI::App& app, Action& action);
void setup_serve_health(CLI::App& app, Action& action);
void setup_version(CLI::App& app, Action& action);
/// To be set up at the application itself, which it walks.
void setup_help(CLI::App& app, Action& action);

/// `--event CODE`, the same for every command that works within an event.
void add_event_option(CLI::App& command, std::string& code);
/// `NAME [--event CODE]`, the same for every command that works on one account.
void add_user_options(CLI::App& command, std::string& name, std::string& event);

}  // namespace findme::cli
