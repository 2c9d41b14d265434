#include "config/merge.hpp"
#include "findme/config.hpp"
#include "findme/error.hpp"

namespace findme {

std::string_view to_string(ConfigOrigin origin) noexcept {
    switch (origin) {
        case ConfigOrigin::built_in:
            return "default";
        case ConfigOrigin::system_file:
            return "system file";
        case ConfigOrigin::user_file:
            return "user file";
        case ConfigOrigin::file:
            return "file";
        case ConfigOrigin::environment:
            return "environment";
        case ConfigOrigin::flag:
            return "flag";
    }
    return "default";
}

std::string user_data_dir(const Environment& environment) {
    std::string dir = config::xdg_dir(environment, "XDG_DATA_HOME", ".local/share");
    if (dir.empty()) {
        throw Error(
            ErrorCode::config_invalid,
            "neither HOME nor XDG_DATA_HOME is set: name the database with --database and the models with "
            "FINDME_MODELS_DIR");
    }
    return dir;
}

std::string system_config_file() {
    return FINDME_SYSCONFDIR "/findme.yaml";
}

LoadedConfig load_config(const ConfigSources& sources) {
    config::Merge merge;
    merge.read(sources);
    auto report = merge.finish();
    require_good(report);
    return std::move(report.loaded);
}

void require_good(const ConfigReport& report) {
    if (report.problems.empty()) return;
    ErrorInfo all = report.problems.front();
    all.code = ErrorCode::config_invalid;
    all.problems = report.problems;
    throw Error(std::move(all));
}

LoadedConfig load_config(const Environment& environment, const std::optional<std::string>& file,
                         const ConfigOverrides& overrides) {
    return load_config({environment, system_config_file(), file, overrides, {}});
}

std::vector<ConfigEntry> config_schema() {
    std::vector<ConfigEntry> entries;
    for (const auto& setting : config::settings()) {
        const std::string value = setting.get(Config{});
        entries.push_back({.key = std::string(setting.key),
                           .value = value,
                           .unit = std::string(setting.unit),
                           .help = std::string(setting.help),
                           .type = setting.type(),
                           .range = setting.range_text(),
                           .least = setting.range.least,
                           .most = setting.range.most,
                           .choices = setting.choices(),
                           .default_value = value,
                           .variable = config::variable_of(setting),
                           .flag = std::string(setting.flag),
                           .details = std::string(setting.details),
                           .example = std::string(setting.example)});
    }
    return entries;
}

std::vector<ConfigGroup> config_groups() {
    std::vector<ConfigGroup> groups;
    for (const auto& [name, help] : config::groups())
        groups.push_back({std::string(name), std::string(help)});
    return groups;
}

}  // namespace findme
