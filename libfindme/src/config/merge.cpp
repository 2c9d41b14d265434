#include "config/merge.hpp"

#include <filesystem>
#include <limits>
#include <system_error>

#include "base/text.hpp"
#include "config/redact.hpp"
#include "config/yaml_file.hpp"

namespace findme::config {
namespace {

/// More than anybody reads; a file that is something else entirely has one a line.
constexpr std::size_t kMostProblems = 100;

/// `--jobs` of `index --jobs`.
std::string flag_of(const Setting& setting) {
    const auto flag = setting.flag.find("--");
    return flag == std::string_view::npos ? "--set " + std::string(setting.key)
                                          : std::string(setting.flag.substr(flag));
}

/// What cannot be looked at is there: reading it says why. Other kinds, as a folder, are nobody's settings.
bool is_file(const std::string& path) {
    std::error_code unseen;
    const auto kind = std::filesystem::status(path, unseen).type();
    return kind == std::filesystem::file_type::regular || kind == std::filesystem::file_type::none;
}

/// A home that may not be looked into is somebody else's, as a change of user leaves it in HOME.
bool is_own_file(const std::string& path) {
    std::error_code unseen;
    (void)std::filesystem::status(path, unseen);
    return unseen != std::errc::permission_denied && is_file(path);
}

/// Where the host reads one, a variable may name another.
std::string system_file_of(const ConfigSources& sources) {
    const auto named = variable(sources.environment, "FINDME_SYSTEM_CONFIG");
    return sources.system_file.empty() || named.empty() ? sources.system_file : std::string(named);
}

}  // namespace

std::string_view variable(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string_view() : std::string_view(found->second);
}

std::string xdg_dir(const Environment& environment, std::string_view name, std::string_view fallback) {
    const auto base = variable(environment, name);
    if (base.starts_with('/'))
        return std::string(base) + "/findme";  // The standard says to ignore relative ones.
    const auto home = variable(environment, "HOME");
    return home.empty() ? std::string() : std::string(home) + "/" + std::string(fallback) + "/findme";
}

Merge::Merge() {
    report_.loaded.entries = config_schema();
}

void Merge::complain(const std::string& where, const std::string& what, ErrorCode code) {
    if (report_.problems.size() >= kMostProblems) {
        ++left_out_;
        return;
    }
    report_.problems.push_back({code, where + ": " + what, where});
}

void Merge::set(std::string_view key, std::string_view value, ConfigOrigin origin,
                const std::string& source) {
    const auto* setting = find_setting(key);
    if (setting == nullptr) return complain(source, "unknown key " + shown_key(key) + nearest_key(key));
    const std::string wanted = setting->set(report_.loaded.config, value);
    // What is no URL may still hold a password.
    const bool may_repeat = setting->type() != ConfigType::url;
    if (!wanted.empty()) {
        return complain(
            source, std::string(key) +
                        (may_repeat ? " is " + base::quoted(value) + ", it must be " : " must be ") + wanted);
    }
    auto& entry = report_.loaded.entries[static_cast<std::size_t>(setting - settings().data())];
    entry.origin = origin;
    entry.source = source;
}

void Merge::read_file(const std::string& path, ConfigOrigin origin, Named named) {
    const auto read = read_config_file(path, named);
    if (!read) {
        report_.problems.push_back(read.error());
        return;
    }
    const auto file = parse_yaml(read->text);
    const auto at = [&](int line) { return path + ":" + std::to_string(line); };
    // Both lists are in the order of their lines, and so is what is said of them.
    auto problem = file.problems.begin();
    const auto complain_up_to = [&](int line) {
        for (; problem != file.problems.end() && problem->line <= line; ++problem)
            complain(at(problem->line), problem->what);
    };
    for (const auto& value : file.values) {
        complain_up_to(value.line);
        if (value.key == "database" && read->others_may_read && holds_password(value.value)) {
            complain(
                at(value.line),
                "database holds a password that others can read: chmod 600 the file, or put the password "
                "into ~/.pgpass",
                ErrorCode::secret_exposed);
        }
        set(value.key, value.value, origin, at(value.line));
    }
    complain_up_to(std::numeric_limits<int>::max());
    report_.files.push_back({path, origin, static_cast<int>(file.values.size())});
}

void Merge::read(const ConfigSources& sources) {
    const std::string system_file = system_file_of(sources);
    if (!system_file.empty() && is_file(system_file))
        read_file(system_file, ConfigOrigin::system_file, Named::by_convention);
    const std::string user_dir = xdg_dir(sources.environment, "XDG_CONFIG_HOME", ".config");
    const std::string user_file = user_dir + "/findme.yaml";
    if (!user_dir.empty() && is_own_file(user_file))
        read_file(user_file, ConfigOrigin::user_file, Named::by_convention);
    const std::string named =
        sources.file.value_or(std::string(variable(sources.environment, "FINDME_CONFIG")));
    if (sources.file || !named.empty()) read_file(named, ConfigOrigin::file, Named::by_the_user);
    for (const auto& setting : settings()) {
        const std::string name = variable_of(setting);
        const auto found = sources.environment.find(name);
        // An empty one is as good as none: service managers cannot take a variable away again.
        if (found != sources.environment.end() && !found->second.empty())
            set(setting.key, found->second, ConfigOrigin::environment, name);
    }
    for (const auto& [key, value] : sources.settings)
        set(key, value, ConfigOrigin::flag, is_like_url(key) ? "--set" : "--set " + key);
    for (const auto& [key, value] : sources.flags) {
        const auto* setting = find_setting(key);
        set(key, value, ConfigOrigin::flag, setting != nullptr ? flag_of(*setting) : "--set " + key);
    }
}

ConfigReport Merge::finish() {
    if (left_out_ > 0) {
        report_.problems.push_back({ErrorCode::config_invalid,
                                    "further problems: " + std::to_string(left_out_) + " are not listed"});
    }
    for (auto& entry : report_.loaded.entries)
        entry.value = redact_url(find_setting(entry.key)->get(report_.loaded.config));
    return std::move(report_);
}

}  // namespace findme::config
