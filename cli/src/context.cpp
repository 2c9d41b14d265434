#include "context.hpp"

#include <unistd.h>

#include "output/json.hpp"
#include "output/text.hpp"

namespace findme::cli {

const LoadedConfig& Context::config() {
    if (!config_) {
        if (!options.database.empty()) overrides["database"] = options.database;
        std::optional<std::string> file;
        if (!options.config_file.empty()) file = options.config_file;
        config_ = load_config(environment_, file, overrides);
        warn_of_password();
    }
    return *config_;
}

/// Other users of the machine see the arguments of every process.
void Context::warn_of_password() {
    for (const auto& entry : config_->entries) {
        const bool masked = entry.key == "database" && entry.value != config_->config.database_url;
        if (masked && entry.origin == ConfigOrigin::flag) {
            complain({ErrorCode::config_invalid,
                      "the database URL on the command line holds a password that others on this machine can "
                      "see: put "
                      "it into ~/.pgpass instead"});
        }
    }
}

std::string Context::data_dir() {
    const auto& settings = config().config;
    const bool needed = settings.database_url.empty() || settings.models_dir.empty();
    return needed ? user_data_dir(environment_) : std::string();
}

Findme& Context::findme() {
    if (!findme_) {
        Services services;
        services.log = &log_;
        services.actor = "cli:uid=" + std::to_string(getuid());
        findme_ = std::make_unique<Findme>(config().config, data_dir(), services);
    }
    return *findme_;
}

/// For who asked for it: what refused a login is not for who tried.
void Context::VerboseLog::write(LogLevel level, std::string_view event, std::span<const LogField> fields) {
    if (!context_.options.verbose) return;
    std::string line = std::string(to_string(level)) + " " + std::string(event);
    for (const auto& field : fields) line += " " + std::string(field.key) + "=" + field.value;
    const std::lock_guard lock(mutex_);
    context_.err() << "findme: " << one_line(line) << '\n';
}

bool Context::shows_progress() const {
    const auto term = environment_.find("TERM");
    const bool dumb = term != environment_.end() && term->second == "dumb";
    return terminal_.err_is_terminal && !dumb && !options.quiet && !options.no_progress;
}

void Context::say(const std::string& message) {
    if (!options.quiet) err() << "findme: " << one_line(message) << '\n';
}

void Context::complain(const ErrorInfo& error) {
    if (is_text()) {
        err() << "findme: " << one_line(error.message) << '\n';
        return;
    }
    Json line = {{"type", "error"}, {"v", 1}};
    line.update(to_json(error));
    line["exit_code"] = static_cast<int>(exit_code_of(error.code));
    write_line(err(), line);
}

}  // namespace findme::cli
