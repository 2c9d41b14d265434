#include "context.hpp"

#include <unistd.h>

#include <algorithm>

#include "findme/text.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

namespace findme::cli {

const ConfigReport& Context::config_report() {
    // Once: what --config names may be a pipe, which tells everything a single time.
    if (!report_) report_ = check_config(config_sources());
    return *report_;
}

const LoadedConfig& Context::config() {
    const ConfigReport& report = config_report();
    require_good(report);
    if (!warned_) warn_of_password();
    warned_ = true;
    return report.loaded;
}

ConfigSources Context::config_sources() const {
    ConfigSources sources{environment_, system_config_file(), std::nullopt, {}, {}};
    if (!options.config_file.empty()) sources.file = options.config_file;
    for (const auto& setting : options.settings) {
        const auto equals = setting.find('=');
        if (!sources.settings.emplace(setting.substr(0, equals), setting.substr(equals + 1)).second)
            throw Error(ErrorCode::invalid_argument, "--set gives the same setting twice: give it once");
    }
    if (!options.database.empty()) sources.flags["database"] = options.database;
    return sources;
}

/// Other users of the machine see the arguments of every process.
void Context::warn_of_password() {
    for (const auto& entry : report_->loaded.entries) {
        const bool masked = entry.key == "database" && entry.value != report_->loaded.config.database_url;
        if (masked && entry.origin == ConfigOrigin::flag) {
            if (is_text()) {
                err() << "findme: the database URL on the command line holds a password that others on this"
                         " machine can see: put it into ~/.pgpass instead\n";
            } else {
                log().write(LogLevel::warning, "password_on_command_line", {});
            }
        }
    }
}

std::string Context::data_dir() {
    const auto& settings = config().config;
    const bool needed = settings.database_url.empty() || settings.models_dir.empty();
    return needed ? user_data_dir(environment_) : std::string();
}

std::string Context::actor() {
    return "cli:uid=" + std::to_string(getuid());
}

Services Context::services() {
    Services services;
    services.log = &log();
    services.missing_database = missing_database_;
    services.actor = actor();
    return services;
}

Findme& Context::findme() {
    if (!findme_) findme_ = std::make_unique<Findme>(config().config, data_dir(), services());
    return *findme_;
}

Log& Context::log() {
    if (!log_) log_ = std::make_unique<LogWriter>(err(), log_style());
    return *log_;
}

LogStyle Context::log_style() {
    // What is wrong with the others is told to whoever needs them.
    const Config& settings = config_report().loaded.config;
    LogStyle style{settings.log_level, settings.log_format, new_run_id(), shows_progress(),
                   terminal_.err_descriptor};
    if (options.verbose > 0) style.level = std::min(style.level, LogLevel::info);
    if (options.verbose > 1) style.level = LogLevel::debug;
    if (options.quiet) style.level = LogLevel::error;
    if (style.format == LogFormat::automatic && !is_text()) style.format = LogFormat::json;
    const auto journal = environment_.find("JOURNAL_STREAM");
    style.format =
        log_format_of(style.format, journal == environment_.end() ? "" : journal->second, style.descriptor);
    return style;
}

std::stop_token Context::take_stops(const std::string& what, StopIs is) {
    stop_is_ = is;
    if (terminal_.owns_signals)
        signals_.emplace(options.quiet ? "" : "\nfindme: " + what + "; once more to stop at once\n", stop_);
    takes_stops_ = true;
    return stop_.get_token();
}

bool Context::ask_to_stop() {
    if (!takes_stops_) return false;
    stopped_by_limit_ = true;
    stop_.request_stop();
    return true;
}

void Context::count(std::string_view name, std::int64_t more) {
    const std::lock_guard lock(counts_mutex_);
    counts_[std::string(name)] += more;
}

RunCounts Context::counts() {
    const std::lock_guard lock(counts_mutex_);
    return counts_;
}

bool Context::shows_progress() const {
    const auto term = environment_.find("TERM");
    const bool dumb = term != environment_.end() && term->second == "dumb";
    return terminal_.err_is_terminal && !dumb && !options.quiet && !options.no_progress;
}

void Context::say(const std::string& message) {
    // In one piece: log lines come from other threads.
    if (!options.quiet) err() << "findme: " + one_line(message) + '\n';
}

void Context::complain(const ErrorInfo& error) {
    err() << complaint(error) << std::flush;
}

std::string Context::complaint(const ErrorInfo& error) const {
    if (is_text()) {
        std::string text = "findme: " + one_line(error.message) + '\n';
        // A bad configuration or command line is told whole. Other messages sum up what is wrong.
        const bool is_first = !error.problems.empty() && error.message == error.problems.front().message;
        for (std::size_t i = 1; is_first && i < error.problems.size(); ++i)
            text += "findme: " + one_line(error.problems[i].message) + '\n';
        return text;
    }
    Json line = {{"type", "error"}, {"v", 1}};
    line.update(to_json(error));
    line["exit_code"] = static_cast<int>(exit_code_of(error.code));
    return one_line_of(line) + '\n';
}

}  // namespace findme::cli
