// The matrix of every setting by every way of giving it, made from the settings themselves: a new setting is
// tested the day it is added.
#include "config/settings.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>

#include "findme/error.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::TemporaryFolder;

namespace {

/// A good value of a setting, made from its type and range: the `which`-th, of which neighbours differ, and
/// none of 1, 3 and 5 is the default.
std::string value_for(const config::Setting& setting, int which) {
    const std::string digit = std::to_string(which);
    const auto choices = setting.choices();
    switch (setting.type()) {
        case ConfigType::whole_number:
            return std::to_string(static_cast<std::int64_t>(setting.range.least) + which);
        case ConfigType::number:
            return setting.range.least >= 1 ? digit : "0.1" + digit;
        case ConfigType::toggle:
        case ConfigType::choice: {
            const auto chosen = std::find(choices.begin(), choices.end(), setting.get(Config{}));
            REQUIRE(chosen != choices.end());
            return choices[static_cast<std::size_t>(chosen - choices.begin() + which) % choices.size()];
        }
        case ConfigType::address:
            return "127.0.0." + digit + ":963" + digit;
        case ConfigType::url:
            return "sqlite:/tmp/" + digit + ".db";
        case ConfigType::text:
        case ConfigType::path:
            return "/models/" + digit;
    }
    return {};
}

/// A value that the setting refuses.
std::string bad_value_for(const config::Setting& setting) {
    const bool any_text = setting.type() == ConfigType::path || setting.type() == ConfigType::text;
    return any_text ? std::string("a\0b", 3) : "nonsense";
}

void write_text(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

const ConfigEntry& entry_of(const LoadedConfig& loaded, std::string_view key) {
    for (const auto& entry : loaded.entries) {
        if (entry.key == key) return entry;
    }
    FAIL("there is no entry for " << key);
    return loaded.entries.front();
}

std::string own_flag(const config::Setting& setting) {
    const std::string flag(setting.flag);
    return flag.empty() ? "--set " + std::string(setting.key) : flag.substr(flag.find("--"));
}

}  // namespace

TEST_CASE("settings: keys and variables are unique and documented, and each is in a group that is known",
          "[config]") {
    std::set<std::string> keys;
    std::set<std::string> variables{"FINDME_CONFIG"};
    for (const auto& setting : config::settings()) {
        INFO(setting.key);
        CHECK(keys.emplace(setting.key).second);
        CHECK(variables.insert(config::variable_of(setting)).second);
        CHECK(config::variable_of(setting).rfind("FINDME_", 0) == 0);
        CHECK_FALSE(setting.help.empty());
        CHECK_FALSE(setting.help.ends_with('.'));
        CHECK((setting.details.empty() || setting.details.ends_with('.')));
        CHECK((setting.get(Config{}).empty() ? !setting.example.empty() : setting.example.empty()));
        const auto dot = setting.key.find('.');
        CHECK((dot == std::string_view::npos || config::is_group(setting.key.substr(0, dot))));
        CHECK_FALSE(config::is_group(setting.key));
    }
    CHECK(variables.contains("FINDME_DATABASE_URL"));
    CHECK(variables.contains("FINDME_IMAGE_MAX_SIDE_PX"));
    for (const auto& [name, help] : config::groups()) {
        const std::string prefix = std::string(name) + ".";
        INFO(name);
        CHECK(std::any_of(keys.begin(), keys.end(),
                          [&](const auto& key) { return key.rfind(prefix, 0) == 0; }));
        CHECK((help.empty() || help.ends_with('.')));
    }
}

TEST_CASE("settings: without anything every value is the default and says so", "[config]") {
    const auto loaded = load_config(ConfigSources{});
    REQUIRE(loaded.entries.size() == config::settings().size());
    for (const auto& setting : config::settings()) {
        INFO(setting.key);
        const auto& entry = entry_of(loaded, setting.key);
        CHECK(entry.origin == ConfigOrigin::built_in);
        CHECK(entry.source.empty());
        CHECK(entry.value == setting.get(Config{}));
        CHECK(entry.default_value == setting.get(Config{}));
        CHECK(entry.unit == setting.unit);
        CHECK(entry.help == setting.help);
        CHECK(entry.variable == config::variable_of(setting));
    }
}

TEST_CASE("settings: every default is a value its own setting accepts", "[config]") {
    for (const auto& setting : config::settings()) {
        INFO(setting.key);
        Config config;
        CHECK(setting.set(config, setting.get(Config{})).empty());
        CHECK(setting.get(config) == setting.get(Config{}));
        CHECK((setting.example.empty() || setting.set(config, setting.example).empty()));
    }
}

TEST_CASE(
    "settings: own flag, --set, variable, named file, user's file, system's file, default: each beats the "
    "next",
    "[config]") {
    const TemporaryFolder folder;
    const std::string system_file = folder / "etc/findme.yaml";
    const std::string user_file = folder / "xdg/findme/findme.yaml";
    const std::string file = folder / "given.yaml";
    for (const auto& setting : config::settings()) {
        const std::string key(setting.key);
        const std::string variable = config::variable_of(setting);
        write_text(system_file, key + ": " + value_for(setting, 1) + "\n");
        write_text(user_file, "# comment\n" + key + ": " + value_for(setting, 2) + "\n");
        write_text(file, "\n\n" + key + ": \"" + value_for(setting, 3) + "\"\n");
        // One bit for each way of giving the value: every combination.
        for (unsigned given = 0; given < 64; ++given) {
            INFO(key << " given " << given);
            ConfigSources sources;
            ConfigEntry wanted{.value = setting.get(Config{})};
            const auto expect = [&](ConfigOrigin origin, int which, const std::string& source) {
                wanted.origin = origin, wanted.value = value_for(setting, which), wanted.source = source;
            };
            if (given & 1U) {
                sources.system_file = system_file;
                expect(ConfigOrigin::system_file, 1, system_file + ":1");
            }
            if (given & 2U) {
                sources.environment["XDG_CONFIG_HOME"] = folder / "xdg";
                expect(ConfigOrigin::user_file, 2, user_file + ":2");
            }
            if (given & 4U) {
                sources.file = file;
                expect(ConfigOrigin::file, 3, file + ":3");
            }
            if (given & 8U) {
                sources.environment[variable] = value_for(setting, 4);
                expect(ConfigOrigin::environment, 4, variable);
            }
            if (given & 16U) {
                sources.settings[key] = value_for(setting, 5);
                expect(ConfigOrigin::flag, 5, "--set " + key);
            }
            if (given & 32U) {
                sources.flags[key] = value_for(setting, 6);
                expect(ConfigOrigin::flag, 6, own_flag(setting));
            }
            const auto loaded = load_config(sources);
            const auto& entry = entry_of(loaded, key);
            CHECK(entry.value == wanted.value);
            CHECK(setting.get(loaded.config) == wanted.value);
            CHECK(entry.origin == wanted.origin);
            CHECK(entry.source == wanted.source);
        }
    }
}

TEST_CASE("settings: a bad value of each names where it stands, what it is and what it must be", "[config]") {
    const TemporaryFolder folder;
    const std::string system_file = folder / "etc/findme.yaml";
    const std::string user_file = folder / "xdg/findme/findme.yaml";
    const std::string file = folder / "bad.yaml";
    for (const auto& setting : config::settings()) {
        const std::string key(setting.key);
        const std::string bad = bad_value_for(setting);
        const std::string shown = bad == "nonsense" ? "\"nonsense\"" : "\"a\\x00b\"";
        const std::string line = "# first\n" + key + ": " + (bad == "nonsense" ? bad : "\"a\\0b\"") + "\n";
        const auto expect = [&](const ConfigSources& sources, const std::string& where) {
            INFO(key << " at " << where);
            try {
                static_cast<void>(load_config(sources));
                FAIL("no error was thrown");
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::config_invalid);
                CHECK(error.info().subject == where);
                // What stands in a URL's place may hold a password.
                const bool repeats = setting.type() != ConfigType::url;
                const std::string said = repeats ? " is " + shown + ", it must be " : " must be ";
                CHECK(error.info().message.rfind(where + ": " + key + said, 0) == 0);
                REQUIRE(error.info().problems.size() == 1);
                CHECK(error.info().problems.front().message == error.info().message);
            }
        };
        for (const auto& path : {system_file, user_file, file}) write_text(path, line);
        expect({.system_file = system_file}, system_file + ":2");
        expect({.environment = {{"XDG_CONFIG_HOME", folder / "xdg"}}}, user_file + ":2");
        expect({.file = file}, file + ":2");
        expect({.environment = {{config::variable_of(setting), bad}}}, config::variable_of(setting));
        expect({.settings = {{key, bad}}}, "--set " + key);
        expect({.flags = {{key, bad}}}, own_flag(setting));
    }
}

TEST_CASE("settings: numbers are taken up to both ends of their range, and not beyond", "[config]") {
    for (const auto& setting : config::settings()) {
        const bool whole = setting.type() == ConfigType::whole_number;
        if (!whole && setting.type() != ConfigType::number) continue;
        INFO(setting.key << ": " << setting.range_text());
        const auto text = [&](double value) {
            return whole ? std::to_string(static_cast<std::int64_t>(value)) : std::to_string(value);
        };
        Config config;
        CHECK(setting.set(config, text(setting.range.least)).empty());
        CHECK(setting.set(config, text(setting.range.most)).empty());
        CHECK_FALSE(setting.set(config, text(setting.range.most + 1)).empty());
        CHECK_FALSE(setting.set(config, text(setting.range.least - 1)).empty());
        CHECK_FALSE(setting.unit.empty());
        CHECK(setting.range_text().find('e') == std::string::npos);
    }
}

TEST_CASE("settings: numbers with signs, units or blanks are refused", "[config]") {
    for (const auto& setting : config::settings()) {
        if (setting.unit.empty()) continue;
        for (const std::string bad : {"", " 100", "100 ", "+100", "100px", "1e99", "-1", "nan", "inf", "0x10",
                                      "99999999999999999999999"}) {
            INFO(setting.key << " = '" << bad << "'");
            Config config;
            CHECK_FALSE(setting.set(config, bad).empty());
            CHECK(setting.get(config) == setting.get(Config{}));
        }
    }
}

TEST_CASE("settings: only known kinds of database are taken", "[config]") {
    Config config;
    const auto& database = *config::find_setting("database");
    for (const std::string good : {"", "sqlite:a.db", "postgresql://host/db", "postgres://host/db"}) {
        CHECK(database.set(config, good).empty());
    }
    for (const std::string bad : {"mysql://host/db", "a.db", "/tmp/a.db", "SQLITE:a", "file:a.db"}) {
        CHECK_FALSE(database.set(config, bad).empty());
    }
}

TEST_CASE("settings: an address has a host and a port, or is a socket's path", "[config]") {
    Config config;
    const auto& listen = *config::find_setting("health.listen");
    for (const std::string good : {"127.0.0.1:0", "[::1]:9631", "localhost:65535", "unix:/run/findme.sock"}) {
        INFO(good);
        CHECK(listen.set(config, good).empty());
    }
    for (const std::string bad :
         {"", "9631", ":9631", "localhost", "localhost:", "localhost:65536", "localhost:x", "::1:9631",
          "[]:1", "unix:", "a:b:1", "example.org:1", "[127.0.0.1]:1"}) {
        INFO(bad);
        CHECK_FALSE(listen.set(config, bad).empty());
    }
}
