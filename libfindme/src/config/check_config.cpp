#include <algorithm>
#include <string_view>

#include "base/text.hpp"
#include "config/merge.hpp"
#include "config/redact.hpp"
#include "findme/config.hpp"

namespace findme {
namespace {

using Warnings = std::vector<std::string>;

const ConfigEntry& entry_of(const LoadedConfig& loaded, std::string_view key) {
    for (const auto& entry : loaded.entries) {
        if (entry.key == key) return entry;
    }
    return loaded.entries.front();
}

/// `mine.yaml:3: index.jobs`, or the key alone where it is the default.
std::string place_of(const ConfigEntry& entry) {
    return entry.source.empty() ? entry.key : entry.source + ": " + entry.key;
}

void warn_of_password(const LoadedConfig& loaded, Warnings& warnings) {
    if (!config::holds_password(loaded.config.database_url)) return;
    warnings.push_back(place_of(entry_of(loaded, "database")) + " holds a password: put it into ~/.pgpass");
}

void warn_of_empty_files(const ConfigReport& report, Warnings& warnings) {
    for (const auto& file : report.files) {
        if (file.setting_count == 0 && report.problems.empty())
            warnings.push_back(base::quoted(file.path) + " sets nothing: every line is a comment or empty");
    }
}

void warn_of_conflicts(const LoadedConfig& loaded, Warnings& warnings) {
    const auto& config = loaded.config;
    const bool embedded = config.database_url.empty() || config.database_url.starts_with("sqlite:");
    for (const auto& entry : loaded.entries) {
        if (embedded && entry.key.starts_with("database_pool.") && entry.origin != ConfigOrigin::built_in)
            warnings.push_back(place_of(entry) + " has no effect: the database is embedded, not a server");
    }
    const std::int64_t side = config.image.max_side_px;
    const auto& pixels = entry_of(loaded, "image.max_pixels");
    const auto& sides = entry_of(loaded, "image.max_side_px");
    if (side * side < config.image.max_pixels) {
        // What somebody set is to blame, not a default.
        const auto& cause = sides.origin != ConfigOrigin::built_in ? sides : pixels;
        warnings.push_back(place_of(cause) + ": no picture within image.max_side_px " + sides.value +
                           " has image.max_pixels " + pixels.value);
    }
}

/// The path that a value holds, or nothing.
std::string_view path_in(ConfigType type, std::string_view value) {
    const auto after = [&](std::string_view begin) {
        return value.starts_with(begin) ? value.substr(begin.size()) : std::string_view();
    };
    switch (type) {
        case ConfigType::path:
            return value;
        case ConfigType::url:
            return after("sqlite:");
        case ConfigType::address:
            return after("unix:");
        default:
            return {};
    }
}

/// A file of settings is read from wherever findme is started, by a shell here and by a timer there. What is
/// given for one run is meant from where it is given.
void warn_of_relative_paths(const LoadedConfig& loaded, Warnings& warnings) {
    for (const auto& entry : loaded.entries) {
        const bool in_file = entry.origin == ConfigOrigin::system_file ||
                             entry.origin == ConfigOrigin::user_file || entry.origin == ConfigOrigin::file;
        if (!in_file) continue;
        const std::string value = config::find_setting(entry.key)->get(loaded.config);
        const std::string_view path = path_in(entry.type, value);
        if (path.empty() || path.starts_with('/')) continue;
        warnings.push_back(place_of(entry) + ": the path " + base::quoted(path) +
                           " depends on the folder that findme is started in: write it from / on");
    }
}

/// A mistyped variable says nothing by itself: it could be any program's.
void warn_of_variables(const Environment& environment, Warnings& warnings) {
    std::vector<std::string> known{"FINDME_CONFIG", "FINDME_SYSTEM_CONFIG"};
    for (const auto& setting : config::settings()) known.push_back(config::variable_of(setting));
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("FINDME_") || std::find(known.begin(), known.end(), name) != known.end())
            continue;
        const auto hint = base::did_you_mean(name, known);
        if (!hint.empty()) warnings.push_back(base::quoted(name) + " is the variable of no setting" + hint);
    }
}

}  // namespace

ConfigReport check_config(const ConfigSources& sources) {
    config::Merge merge;
    merge.read(sources);
    auto report = merge.finish();
    warn_of_empty_files(report, report.warnings);
    warn_of_password(report.loaded, report.warnings);
    warn_of_conflicts(report.loaded, report.warnings);
    warn_of_relative_paths(report.loaded, report.warnings);
    warn_of_variables(sources.environment, report.warnings);
    return report;
}

}  // namespace findme
