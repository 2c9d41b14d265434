#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "config/redact.hpp"
#include "findme/config.hpp"
#include "findme/error.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::TemporaryFolder;

namespace {

/// Without the system's file: this machine may have one.
LoadedConfig load(const Environment& environment, const std::optional<std::string>& file = {},
                  const ConfigOverrides& settings = {}) {
    return load_config({.environment = environment, .file = file, .settings = settings});
}

/// Loads `text` as the configuration file.
LoadedConfig load_text(const std::string& text) {
    const TemporaryFolder folder;
    const std::string path = folder / "findme.yaml";
    std::ofstream(path, std::ios::binary) << text;
    return load({}, path);
}

ErrorInfo refusal_of(const std::string& text) {
    try {
        static_cast<void>(load_text(text));
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::config_invalid);
        return error.info();
    }
    FAIL("no error was thrown");
    return {};
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool says(const ErrorInfo& error, const std::string& text) {
    return error.message.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("config file: nested, dotted and flow keys are the same keys", "[config]") {
    CHECK(load_text("index:\n  jobs: 3\n").config.index_jobs == 3);
    CHECK(load_text("index.jobs: 3\n").config.index_jobs == 3);
    CHECK(load_text("{index: {jobs: 3}}\n").config.index_jobs == 3);
    CHECK(load_text("index: {jobs: \"3\"}").config.index_jobs == 3);
}

TEST_CASE("config file: an empty file and one of comments alone say nothing", "[config]") {
    for (const std::string text : {"", "\n\n", "# nothing\n", "---\n", "--- # nothing\n...\n"}) {
        INFO(text);
        CHECK(load_text(text).config.index_jobs == 0);
    }
}

TEST_CASE("config file: CRLF line endings and a BOM are accepted", "[config]") {
    const auto loaded = load_text(
        "\xEF\xBB\xBF# from an editor of another system\r\nindex:\r\n  jobs: 3\r\nmodels.dir: /m\r\n");
    CHECK(loaded.config.index_jobs == 3);
    CHECK(loaded.config.models_dir == "/m");
}

TEST_CASE("config file: an unknown key is refused with file, line and the nearest known name", "[config]") {
    const auto error = refusal_of("index:\n  jobs: 2\n  memory_mb: 100\n");
    CHECK(ends_with(error.subject, "findme.yaml:3"));
    CHECK(says(error, "findme.yaml:3: unknown key \"index.memory_mb\" (did you mean \"index.memory_mib\"?)"));
    CHECK(says(refusal_of("colour: red\n"), "findme.yaml:1: unknown key \"colour\""));
    CHECK_FALSE(says(refusal_of("colour: red\n"), "did you mean"));
}

TEST_CASE("config file: a flag or an override with an unknown key is refused too", "[config]") {
    CHECK_THROWS_WITH(load({}, std::nullopt, {{"index.job", "2"}}),
                      Catch::Contains("unknown key \"index.job\" (did you mean \"index.jobs\"?)"));
}

TEST_CASE("config file: variables of findme that name no setting are left alone", "[config]") {
    // FINDME_TEST_MODELS and the like are other programs' business.
    CHECK_NOTHROW(load({{"FINDME_TEST_MODELS", "x"}, {"FINDMEX", "y"}}));
}

TEST_CASE("config file: lists, and mappings where a value belongs, are refused where they stand",
          "[config]") {
    CHECK(says(refusal_of("index:\n  jobs: [1, 2]\n"), "findme.yaml:2: \"index.jobs\" needs one value"));
    CHECK(says(refusal_of("health:\n- listen\n"), ":1: \"health\" is a group: it needs keys below it"));
    CHECK(says(refusal_of("- index\n"), "a configuration file is a mapping"));
    CHECK(says(refusal_of("just text\n"), "a configuration file is a mapping"));
    CHECK(says(refusal_of("index:\n  jobs:\n    deeper: 1\n"),
               "findme.yaml:2: \"index.jobs\" needs one value"));
    CHECK(says(refusal_of("index: 3\n"), ":1: \"index\" is a group: it needs keys below it"));
    CHECK(says(refusal_of("colours: [red]\n"), "findme.yaml:1: unknown key \"colours\""));
}

TEST_CASE("config file: a key without a value is refused, a group without keys is not", "[config]") {
    CHECK(says(refusal_of("index:\n  jobs:\n"), "findme.yaml:2: \"index.jobs\" needs one value"));
    CHECK(load_text("index:\n#  jobs: 2\nmatch:\n").config.index_jobs == 0);
}

TEST_CASE("config file: what is not YAML is refused with its line", "[config]") {
    CHECK(says(refusal_of("index:\n  jobs: 2\n bad: 1\n"), "findme.yaml:3: not valid YAML"));
    CHECK(says(refusal_of("index: {jobs: 2\n"), "not valid YAML"));
    CHECK(says(refusal_of("? [a, b]\n: 1\n"), "findme.yaml:1"));
}

TEST_CASE("config file: a key given twice is refused, never silently the last", "[config]") {
    CHECK(says(refusal_of("index:\n  jobs: 2\n  jobs: 4\n"), "findme.yaml:3"));
    CHECK(says(refusal_of("index.jobs: 2\nindex:\n  jobs: 4\n"),
               "findme.yaml:3: \"index.jobs\" is given twice, first in line 1"));
    CHECK(says(refusal_of("index:\n  jobs: 2\nmatch:\nindex:\n  memory_mib: 64\n"),
               "findme.yaml:4: the group \"index\" is given twice, first in line 1"));
    CHECK(load_text("index.jobs: 2\nindex: {memory_mib: 64}\n").config.index_memory_mib == 64);
}

// Once the loader followed every mapping it met: an alias to a mapping around it took the whole stack.
TEST_CASE("config file: anchors, aliases, tags and a second document are refused where they stand",
          "[config]") {
    CHECK(says(refusal_of("index: &a\n  jobs: *a\n"), "findme.yaml:1: anchors and aliases"));
    CHECK(refusal_of("index: &a\n  jobs: *a\n").problems.size() == 2);
    CHECK(says(refusal_of("&a\nindex: *a\n"), "anchors and aliases"));
    CHECK(says(refusal_of("index:\n  jobs: &j 3\n"), "findme.yaml:2: anchors and aliases"));
    CHECK(says(refusal_of("index:\n  jobs: !!int 3\n"), "findme.yaml:2: tags such as !!str"));
    CHECK(says(refusal_of("index.jobs: 3\n---\nindex.jobs: 4\n"), "a second document"));
    CHECK(refusal_of("index.jobs: 3\n---\nindex.jobs: x\n").problems.size() == 1);
    CHECK(says(refusal_of("match:\n? [index.jobs]\n: 3\n"), "findme.yaml:2: a key must be a word"));
}

// The parser makes empty documents of these, one after the other without end.
TEST_CASE("config file: stray punctuation at the beginning is refused, and reading it ends", "[config]") {
    for (const std::string text : {", index", "]", "} ~\n", ", [3\n|\n", "index.jobs: 3\n, 4\n"}) {
        INFO(text);
        CHECK_FALSE(refusal_of(text).problems.empty());
    }
}

TEST_CASE("config file: tabs, NUL bytes and other encodings are named with their line", "[config]") {
    CHECK(says(refusal_of("index:\n\tjobs: 3\n"), "findme.yaml:2: a tab at the begin"));
    CHECK(says(refusal_of("index:\n \t# jobs: 3\n"), "findme.yaml:2: a tab at the begin"));
    CHECK(says(refusal_of(std::string("index:\n  jobs: 3\0\n", 18)), "findme.yaml:2: a NUL byte"));
    CHECK(says(refusal_of("models.dir: /m\xFC\n"), "findme.yaml:1: not UTF-8"));
    CHECK(load_text("index:\n  jobs:\t3\n").config.index_jobs == 3);
}

TEST_CASE("config file: all that is wrong is told at once, in the order of its lines", "[config]") {
    const auto error = refusal_of(
        "index:\n  jobs: 2000\n  jobbs: 1\nmatch: {min_score: x}\nlog: {level: [a]}\nhealth:\n\tcache_ms: "
        "1\n");
    REQUIRE(error.problems.size() == 5);
    CHECK(error.message == error.problems.front().message);
    CHECK(says(error.problems[0], ":2: index.jobs is \"2000\", it must be a whole number from 0 to 1024"));
    CHECK(says(error.problems[1], ":3: unknown key \"index.jobbs\" (did you mean \"index.jobs\"?)"));
    CHECK(says(error.problems[2], ":4: match.min_score is \"x\", it must be a number from 0 to 100"));
    CHECK(says(error.problems[3], ":5: \"log.level\" needs one value, not a list"));
    CHECK(says(error.problems[4], ":7: a tab at the begin"));
}

TEST_CASE("config file: what follows a key that was refused is read as if nothing had been", "[config]") {
    const auto error =
        refusal_of("colours: {red: [1, {a: b}], blue: 2}\nindex: {jobs: [3]}\nlog.level: loud\n");
    REQUIRE(error.problems.size() == 3);
    CHECK(says(error.problems[0], ":1: unknown key \"colours\""));
    CHECK(says(error.problems[1], ":2: \"index.jobs\" needs one value"));
    CHECK(says(error.problems[2], ":3: log.level is \"loud\", it must be debug, info, warning or error"));
}

TEST_CASE("config file: a file of problems alone ends in a list that somebody can read", "[config]") {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "key" + std::to_string(i) + ": 1\n";
    const auto error = refusal_of(text);
    CHECK(error.problems.size() == 101);
    CHECK(says(error.problems.back(), "4900 are not listed"));
}

TEST_CASE("config: FINDME_CONFIG names the file unless one is given, and it must be there", "[config]") {
    const TemporaryFolder folder;
    std::ofstream(folder / "named.yaml") << "index.jobs: 4\n";
    std::ofstream(folder / "given.yaml") << "match.min_score: 80\n";
    ConfigSources sources{.environment = {{"FINDME_CONFIG", folder / "named.yaml"}}};
    CHECK(load_config(sources).config.index_jobs == 4);
    CHECK(check_config(sources).files.front().path == folder / "named.yaml");
    sources.file = folder / "given.yaml";
    CHECK(load_config(sources).config.index_jobs == 0);
    CHECK_THROWS_WITH(load_config({.environment = {{"FINDME_CONFIG", folder / "none.yaml"}}}),
                      Catch::Contains("none.yaml"));
    CHECK_NOTHROW(load_config({.environment = {{"FINDME_CONFIG", ""}}}));
}

TEST_CASE("config file: a folder, and more bytes than any configuration has, are refused", "[config]") {
    const TemporaryFolder folder;
    CHECK_THROWS_WITH(load_config({.file = folder.path()}), Catch::Contains("it is a folder"));
    CHECK_THROWS_WITH(load_config({.file = "/dev/zero"}), Catch::Contains("holds more than 1048576 bytes"));
    CHECK_THROWS_WITH(load_text("#" + std::string(1U << 20U, ' ')), Catch::Contains("holds more than"));
    CHECK(load_config({.file = "/dev/null"}).config.index_jobs == 0);
}

TEST_CASE("config file: nesting without end is refused before it takes the stack", "[config]") {
    CHECK_THROWS_AS(load_text(std::string(100'000, '[')), Error);
    CHECK_THROWS_AS(load_text(std::string(100'000, '{')), Error);
}

TEST_CASE("config file: a file that was named must be there, the user's need not", "[config]") {
    const TemporaryFolder folder;
    CHECK_THROWS_AS(load({}, folder / "none.yaml"), Error);
    CHECK_NOTHROW(load({{"XDG_CONFIG_HOME", folder.path()}}));
    CHECK_NOTHROW(load({{"HOME", folder.path()}}));
}

TEST_CASE("config file: the user's file is below HOME unless XDG_CONFIG_HOME is an absolute folder",
          "[config]") {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / ".config/findme");
    std::ofstream(folder / ".config/findme/findme.yaml") << "index.jobs: 5\n";
    CHECK(load({{"HOME", folder.path()}}).config.index_jobs == 5);
    CHECK(load({{"HOME", folder.path()}, {"XDG_CONFIG_HOME", "relative"}}).config.index_jobs == 5);
    CHECK(load({{"HOME", folder.path()}, {"XDG_CONFIG_HOME", "/nowhere"}}).config.index_jobs == 0);
}

TEST_CASE("config: the system's file lies in /etc, wherever the program is installed", "[config]") {
    CHECK(system_config_file() == "/etc/findme/findme.yaml");
    CHECK_NOTHROW(load_config({.system_file = "/nowhere/findme.yaml"}));
}

TEST_CASE("config: a variable names another system's file, where the host reads one", "[config]") {
    const TemporaryFolder folder;
    std::ofstream(folder / "system.yaml") << "index.jobs: 5\n";
    std::ofstream(folder / "other.yaml") << "index.jobs: 6\n";
    const Environment other{{"FINDME_SYSTEM_CONFIG", folder / "other.yaml"}};
    const auto loaded = load_config({.environment = other, .system_file = folder / "system.yaml"});
    CHECK(loaded.config.index_jobs == 6);
    const auto is_jobs = [](const ConfigEntry& entry) { return entry.key == "index.jobs"; };
    const auto jobs = std::find_if(loaded.entries.begin(), loaded.entries.end(), is_jobs);
    CHECK(jobs->origin == ConfigOrigin::system_file);
    CHECK(jobs->source == (folder / "other.yaml") + ":1");
    CHECK(load_config({.environment = other}).config.index_jobs == 0);
    const Environment none{{"FINDME_SYSTEM_CONFIG", ""}};
    CHECK(load_config({.environment = none, .system_file = folder / "system.yaml"}).config.index_jobs == 5);
    const Environment gone{{"FINDME_SYSTEM_CONFIG", folder / "gone.yaml"}};
    CHECK(load_config({.environment = gone, .system_file = folder / "system.yaml"}).config.index_jobs == 0);
}

TEST_CASE("config file: a system's or user's file that is there and cannot be looked at is refused",
          "[config]") {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "closed/findme");
    // Nobody, not even root, finds the file behind a link that leads to itself.
    std::filesystem::create_symlink(folder / "closed/findme/findme.yaml",
                                    folder / "closed/findme/findme.yaml");
    const std::string path = folder / "closed/findme/findme.yaml";
    CHECK_THROWS_WITH(load_config({.system_file = path}), Catch::Contains("cannot read \"" + path));
    CHECK_THROWS_WITH(load({{"XDG_CONFIG_HOME", folder / "closed"}}),
                      Catch::Contains("cannot read \"" + path));
}

TEST_CASE("config: the data folder follows XDG_DATA_HOME, then HOME, and is an error without both",
          "[config]") {
    CHECK(user_data_dir({{"XDG_DATA_HOME", "/data"}, {"HOME", "/home/a"}}) == "/data/findme");
    CHECK(user_data_dir({{"HOME", "/home/a"}}) == "/home/a/.local/share/findme");
    CHECK(user_data_dir({{"XDG_DATA_HOME", "data"}, {"HOME", "/home/a"}}) == "/home/a/.local/share/findme");
    CHECK_THROWS_WITH(user_data_dir({}),
                      Catch::Contains("--database") && Catch::Contains("FINDME_MODELS_DIR"));
}

TEST_CASE("config: a password in the database's URL is never shown", "[config]") {
    const auto loaded = load({{"FINDME_DATABASE_URL", "postgresql://anna:s3cret@db.example/findme"}});
    CHECK(loaded.config.database_url == "postgresql://anna:s3cret@db.example/findme");
    CHECK(loaded.entries.front().value == "postgresql://anna:***@db.example/findme");
    CHECK_THROWS_WITH(load({{"FINDME_DATABASE_URL", "mysql://anna:s3cret@db/x"}}),
                      !Catch::Contains("s3cret"));
}

TEST_CASE("redact: passwords go whatever they hold, the rest stays", "[config]") {
    const auto redact = [](const char* text) { return config::redact_url(text); };
    CHECK(redact("sqlite:/tmp/a.db") == "sqlite:/tmp/a.db");
    CHECK(redact("postgresql://db/x") == "postgresql://db/x");
    CHECK(redact("postgresql://anna@db/x") == "postgresql://anna@db/x");
    CHECK(redact("postgresql://anna:@db/x") == "postgresql://anna:***@db/x");
    CHECK(redact("postgresql://anna:p@ss/w?rd@db/x") == "postgresql://anna:***@db/x");
    CHECK(redact("postgresql://db/x?password=secret&sslmode=require") ==
          "postgresql://db/x?password=***&sslmode=require");
    CHECK(redact("postgresql://db/x?user=a&password=secret") == "postgresql://db/x?user=a&password=***");
    CHECK(redact("").empty());
}

TEST_CASE("redact: an empty password is none, and neither is a mask", "[config]") {
    for (const char* text : {"", "sqlite:/a:b@c", "postgresql://anna@db/x", "postgresql://anna:@db/x",
                             "postgresql://anna:***@db/x", "host=db user=a"}) {
        INFO(text);
        CHECK_FALSE(config::holds_password(text));
    }
    for (const char* text : {"postgresql://anna:x@db/x", "postgresql://db/x?password=x", "host=db password=x",
                             "postgresql://anna:x@db/x?password=***", "mysql://anna:x@db/x"}) {
        INFO(text);
        CHECK(config::holds_password(text));
    }
}

TEST_CASE("config: what stands in the place of a URL or of a key is not repeated", "[config]") {
    for (const char* url :
         {"postgres//u:s3cret@h/db", "postgresql;//u:s3cret@h/db", "postgresql:/u:s3cret@h/db",
          "postgresql:u:s3cret@h/db", "postgresql:host=h password = s3cret", "u:s3cret@h"}) {
        INFO(url);
        CHECK_THROWS_WITH(load_config({.settings = {{"database", url}}}), !Catch::Contains("s3cret"));
    }
    for (const char* key :
         {"database:postgresql://u:s3cret@h/db", "postgresql://u:s3cret@h/db?sslmode", "u:s3cret@h"}) {
        INFO(key);
        CHECK_THROWS_WITH(load_config({.settings = {{key, "x"}}}), !Catch::Contains("s3cret"));
    }
    const std::string spelt = config::redact_url("postgresql://h/db?passw%6Frd=s3cret&sslmode=require");
    CHECK(spelt == "postgresql://h/db?passw%6Frd=***&sslmode=require");
}

TEST_CASE("config: an empty variable is none, and a path is written out", "[config]") {
    CHECK(load_config({.environment = {{"FINDME_DATABASE_URL", ""}}, .settings = {{"database", "sqlite:/a"}}})
              .config.database_url == "sqlite:/a");
    CHECK_THROWS_WITH(load_config({.settings = {{"database", "sqlite:~/a.db"}}}), Catch::Contains("~"));
    CHECK_THROWS_WITH(load_config({.settings = {{"models.dir", "~/models"}}}), Catch::Contains("~"));
}

TEST_CASE("redact: a password in libpq's other spellings goes too", "[config]") {
    CHECK(config::redact_url("postgresql://db/x?sslpassword=secret").find("secret") == std::string::npos);
    CHECK(config::redact_url("host=db user=a password=secret dbname=x").find("secret") == std::string::npos);
}
