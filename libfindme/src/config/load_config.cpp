#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "config/redact.hpp"
#include "config/settings.hpp"
#include "findme/config.hpp"
#include "findme/error.hpp"

namespace findme {
namespace {

constexpr std::size_t kMaxConfigBytes = 1U << 20U;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
    throw Error(ErrorCode::config_invalid, where + ": " + what, where);
}

std::vector<std::string> known_keys() {
    std::vector<std::string> keys;
    for (const auto& setting : config::settings()) keys.emplace_back(setting.key);
    return keys;
}

/// `image` of `image.max_side_px`.
bool is_group(const std::string& name) {
    const auto all = config::settings();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& setting) { return setting.key.starts_with(name + "."); });
}

[[noreturn]] void refuse_key(const std::string& where, std::string_view key) {
    refuse(where, "unknown key " + base::quoted(key) + base::did_you_mean(key, known_keys()));
}

class Loader {
  public:
    Loader() {
        for (const auto& setting : config::settings()) {
            loaded_.entries.push_back({std::string(setting.key), "", std::string(setting.unit),
                                       ConfigOrigin::built_in, "", std::string(setting.help)});
        }
    }

    void set(std::string_view key, std::string_view value, ConfigOrigin origin, const std::string& source) {
        const auto all = config::settings();
        const auto found =
            std::find_if(all.begin(), all.end(), [&](const auto& setting) { return setting.key == key; });
        if (found == all.end()) refuse_key(source, key);
        auto& entry = loaded_.entries[static_cast<std::size_t>(found - all.begin())];
        const bool in_file = origin == ConfigOrigin::user_file || origin == ConfigOrigin::file;
        if (in_file && entry.origin == origin) {
            refuse(source, std::string(key) + " is given twice, first at " + entry.source);
        }
        const std::string wanted = found->set(loaded_.config, value);
        if (!wanted.empty()) {
            refuse(source, std::string(key) + " is " + base::quoted(config::redact_url(value)) +
                               ", it must be " + wanted);
        }
        entry.origin = origin;
        entry.source = source;
    }

    void read_yaml(const std::string& path, ConfigOrigin origin) {
        const auto bytes = base::read_file(path, kMaxConfigBytes);
        if (!bytes) throw Error(ErrorCode::config_invalid, bytes.error().message, path);
        std::string text(bytes->begin(), bytes->end());
        try {
            const YAML::Node root = YAML::Load(text);
            if (root.IsNull()) return;
            walk(root, "", path, origin);
        } catch (const YAML::Exception& error) {
            refuse(path + ":" + std::to_string(error.mark.line + 1), "not valid YAML: " + error.msg);
        }
    }

    LoadedConfig finish() {
        const auto all = config::settings();
        for (std::size_t i = 0; i < all.size(); ++i) {
            loaded_.entries[i].value = config::redact_url(all[i].get(loaded_.config));
        }
        return std::move(loaded_);
    }

  private:
    void walk(const YAML::Node& node, const std::string& prefix, const std::string& path,
              ConfigOrigin origin) {
        const std::string where = path + ":" + std::to_string(node.Mark().line + 1);
        if (!node.IsMap()) refuse(where, "a configuration file is a mapping of keys to values");
        for (const auto& pair : node) {
            const std::string key = prefix + pair.first.as<std::string>();
            const std::string line = path + ":" + std::to_string(pair.first.Mark().line + 1);
            if (pair.second.IsScalar()) {
                set(key, pair.second.as<std::string>(), origin, line);
            } else if (is_group(key)) {
                // Only groups are entered, so that an alias to a mapping around it ends.
                if (!pair.second.IsNull()) walk(pair.second, key + ".", path, origin);
            } else {
                const auto known = known_keys();
                if (std::find(known.begin(), known.end(), key) == known.end()) refuse_key(line, key);
                refuse(line, base::quoted(key) + " needs one value");
            }
        }
    }

    LoadedConfig loaded_;
};

std::string_view variable(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string_view() : std::string_view(found->second);
}

/// `$XDG_<kind>_HOME/findme`, else `$HOME/<fallback>/findme`, else empty.
std::string xdg_dir(const Environment& environment, std::string_view name, std::string_view fallback) {
    const auto base = variable(environment, name);
    if (base.starts_with('/'))
        return std::string(base) + "/findme";  // The standard says to ignore relative ones.
    const auto home = variable(environment, "HOME");
    return home.empty() ? std::string() : std::string(home) + "/" + std::string(fallback) + "/findme";
}

}  // namespace

std::string_view to_string(ConfigOrigin origin) noexcept {
    switch (origin) {
        case ConfigOrigin::built_in:
            return "default";
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
    std::string dir = xdg_dir(environment, "XDG_DATA_HOME", ".local/share");
    if (dir.empty()) {
        throw Error(
            ErrorCode::config_invalid,
            "neither HOME nor XDG_DATA_HOME is set: name the database with --database and the models with "
            "FINDME_MODELS_DIR");
    }
    return dir;
}

LoadedConfig load_config(const Environment& environment, const std::optional<std::string>& file,
                         const ConfigOverrides& overrides) {
    Loader loader;
    const std::string user_dir = xdg_dir(environment, "XDG_CONFIG_HOME", ".config");
    const std::string user_file = user_dir + "/findme.yaml";
    if (!user_dir.empty() && base::stat_regular_file(user_file))
        loader.read_yaml(user_file, ConfigOrigin::user_file);
    if (file) loader.read_yaml(*file, ConfigOrigin::file);
    for (const auto& setting : config::settings()) {
        const std::string name = config::variable_of(setting);
        const auto found = environment.find(name);
        if (found != environment.end())
            loader.set(setting.key, found->second, ConfigOrigin::environment, name);
    }
    for (const auto& [key, value] : overrides) loader.set(key, value, ConfigOrigin::flag, "--" + key);
    return loader.finish();
}

}  // namespace findme
