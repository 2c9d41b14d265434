// The matrix of every setting by every way of giving it, made from the settings themselves: a new setting is
// tested the day it is added.
#include "config/settings.hpp"

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

/// A good value of a setting, the `which`-th of four different ones.
std::string value_for(const config::Setting& setting, int which) {
    const std::string digit = std::to_string(which);
    if (setting.key == "database") return "sqlite:/tmp/" + digit + ".db";
    if (setting.key == "models.dir") return "/models/" + digit;
    // Every number takes one of these: try from large to small until the setting agrees.
    for (const std::string base : {"104857", "3000", "60", "3", "0."}) {
        Config scratch;
        if (setting.set(scratch, base + digit).empty()) return base + digit;
    }
    FAIL("no good value known for " << setting.key << ": add one here");
    return {};
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

}  // namespace

TEST_CASE("settings: keys and variables are unique and documented", "[config]") {
    std::set<std::string> keys;
    std::set<std::string> variables;
    for (const auto& setting : config::settings()) {
        INFO(setting.key);
        CHECK(keys.emplace(setting.key).second);
        CHECK(variables.insert(config::variable_of(setting)).second);
        CHECK_FALSE(setting.help.empty());
        CHECK(config::variable_of(setting).rfind("FINDME_", 0) == 0);
    }
    CHECK(variables.contains("FINDME_DATABASE_URL"));
    CHECK(variables.contains("FINDME_IMAGE_MAX_SIDE_PX"));
}

TEST_CASE("settings: without anything every value is the default and says so", "[config]") {
    const auto loaded = load_config({}, std::nullopt, {});
    REQUIRE(loaded.entries.size() == config::settings().size());
    for (const auto& setting : config::settings()) {
        INFO(setting.key);
        const auto& entry = entry_of(loaded, setting.key);
        CHECK(entry.origin == ConfigOrigin::built_in);
        CHECK(entry.source.empty());
        CHECK(entry.value == setting.get(Config{}));
        CHECK(entry.unit == setting.unit);
        CHECK(entry.help == setting.help);
    }
}

TEST_CASE("settings: every default is a value its own setting accepts", "[config]") {
    for (const auto& setting : config::settings()) {
        INFO(setting.key);
        Config config;
        CHECK(setting.set(config, setting.get(Config{})).empty());
        CHECK(setting.get(config) == setting.get(Config{}));
    }
}

TEST_CASE(
    "settings: flag beats variable beats file beats the user's file beats default, each with its origin",
    "[config]") {
    const TemporaryFolder folder;
    const std::string user_file = folder / "xdg/findme/findme.yaml";
    const std::string file = folder / "given.yaml";
    for (const auto& setting : config::settings()) {
        const std::string key(setting.key);
        const std::string variable = config::variable_of(setting);
        // One bit for each way of giving the value: all sixteen combinations.
        for (unsigned given = 0; given < 16; ++given) {
            INFO(key << " given " << given);
            std::filesystem::remove(user_file);
            Environment environment{{"XDG_CONFIG_HOME", folder / "xdg"}};
            ConfigOverrides flags;
            std::optional<std::string> named;
            ConfigOrigin origin = ConfigOrigin::built_in;
            std::string value = setting.get(Config{});
            std::string source;
            if (given & 1U) {
                write_text(user_file, "# comment\n" + key + ": " + value_for(setting, 1) + "\n");
                origin = ConfigOrigin::user_file, value = value_for(setting, 1), source = user_file + ":2";
            }
            if (given & 2U) {
                write_text(file, "\n\n" + key + ": \"" + value_for(setting, 2) + "\"\n");
                named = file;
                origin = ConfigOrigin::file, value = value_for(setting, 2), source = file + ":3";
            }
            if (given & 4U) {
                environment[variable] = value_for(setting, 3);
                origin = ConfigOrigin::environment, value = value_for(setting, 3), source = variable;
            }
            if (given & 8U) {
                flags[key] = value_for(setting, 4);
                origin = ConfigOrigin::flag, value = value_for(setting, 4), source = "--" + key;
            }
            const auto loaded = load_config(environment, named, flags);
            const auto& entry = entry_of(loaded, key);
            CHECK(entry.value == value);
            CHECK(setting.get(loaded.config) == value);
            CHECK(entry.origin == origin);
            CHECK(entry.source == source);
        }
    }
}

TEST_CASE("settings: a bad value names where it stands, what it is and what it must be", "[config]") {
    const TemporaryFolder folder;
    const std::string file = folder / "bad.yaml";
    for (const auto& setting : config::settings()) {
        if (setting.key == "models.dir") continue;  // Any text is a folder's name.
        const std::string key(setting.key);
        const std::string bad = "nonsense";
        const auto expect = [&](const Environment& environment, const std::optional<std::string>& named,
                                const ConfigOverrides& flags, const std::string& where) {
            INFO(key << " at " << where);
            try {
                static_cast<void>(load_config(environment, named, flags));
                FAIL("no error was thrown");
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::config_invalid);
                CHECK(error.info().subject == where);
                CHECK(error.info().message.rfind(where + ": " + key + " is \"nonsense\", it must be ", 0) ==
                      0);
            }
        };
        write_text(file, "# first\n" + key + ": " + bad + "\n");
        expect({}, file, {}, file + ":2");
        expect({{config::variable_of(setting), bad}}, std::nullopt, {}, config::variable_of(setting));
        expect({}, std::nullopt, {{key, bad}}, "--" + key);
    }
}

TEST_CASE("settings: numbers outside their range, with signs, units or blanks are refused", "[config]") {
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
    const auto& database = config::settings().front();
    REQUIRE(database.key == "database");
    for (const std::string good : {"", "sqlite:a.db", "postgresql://host/db", "postgres://host/db"}) {
        CHECK(database.set(config, good).empty());
    }
    for (const std::string bad : {"mysql://host/db", "a.db", "/tmp/a.db", "SQLITE:a", "file:a.db"}) {
        CHECK_FALSE(database.set(config, bad).empty());
    }
}
