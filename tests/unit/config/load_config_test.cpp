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

/// Loads `text` as the configuration file.
LoadedConfig load_text(const std::string& text) {
    const TemporaryFolder folder;
    const std::string path = folder / "findme.yaml";
    std::ofstream(path, std::ios::binary) << text;
    return load_config({}, path, {});
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
    CHECK_THROWS_WITH(load_config({}, std::nullopt, {{"index.job", "2"}}),
                      Catch::Contains("unknown key \"index.job\" (did you mean \"index.jobs\"?)"));
}

TEST_CASE("config file: variables of findme that name no setting are left alone", "[config]") {
    // FINDME_TEST_MODELS and the like are other programs' business.
    CHECK_NOTHROW(load_config({{"FINDME_TEST_MODELS", "x"}, {"FINDMEX", "y"}}, std::nullopt, {}));
}

TEST_CASE("config file: lists, and mappings where a value belongs, are refused where they stand",
          "[config]") {
    CHECK(says(refusal_of("index:\n  jobs: [1, 2]\n"), "findme.yaml:2: \"index.jobs\" needs one value"));
    CHECK(says(refusal_of("- index\n"), "a configuration file is a mapping"));
    CHECK(says(refusal_of("just text\n"), "a configuration file is a mapping"));
    CHECK(says(refusal_of("index:\n  jobs:\n    deeper: 1\n"),
               "findme.yaml:2: \"index.jobs\" needs one value"));
    CHECK(says(refusal_of("index: 3\n"), "findme.yaml:1: unknown key \"index\""));
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
    CHECK(says(refusal_of("index.jobs: 2\nindex:\n  jobs: 4\n"), "findme.yaml:3"));
}

// Once the loader followed every mapping it met: an alias to a mapping around it took the whole stack.
TEST_CASE("config file: an anchor that refers to itself ends in a refusal", "[config]") {
    CHECK(says(refusal_of("index: &a\n  jobs: *a\n"), "findme.yaml:2: \"index.jobs\" needs one value"));
    CHECK(says(refusal_of("&a\nindex: *a\n"), "unknown key \"index.index\""));
}

TEST_CASE("config file: nesting without end is refused before it takes the stack", "[config]") {
    CHECK_THROWS_AS(load_text(std::string(100'000, '[')), Error);
    CHECK_THROWS_AS(load_text(std::string(100'000, '{')), Error);
}

TEST_CASE("config file: a file that was named must be there, the user's need not", "[config]") {
    const TemporaryFolder folder;
    CHECK_THROWS_AS(load_config({}, folder / "none.yaml", {}), Error);
    CHECK_NOTHROW(load_config({{"XDG_CONFIG_HOME", folder.path()}}, std::nullopt, {}));
    CHECK_NOTHROW(load_config({{"HOME", folder.path()}}, std::nullopt, {}));
}

TEST_CASE("config file: the user's file is below HOME unless XDG_CONFIG_HOME is an absolute folder",
          "[config]") {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / ".config/findme");
    std::ofstream(folder / ".config/findme/findme.yaml") << "index.jobs: 5\n";
    CHECK(load_config({{"HOME", folder.path()}}, std::nullopt, {}).config.index_jobs == 5);
    CHECK(load_config({{"HOME", folder.path()}, {"XDG_CONFIG_HOME", "relative"}}, std::nullopt, {})
              .config.index_jobs == 5);
    CHECK(load_config({{"HOME", folder.path()}, {"XDG_CONFIG_HOME", "/nowhere"}}, std::nullopt, {})
              .config.index_jobs == 0);
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
    const auto loaded = load_config({{"FINDME_DATABASE_URL", "postgresql://anna:s3cret@db.example/findme"}},
                                    std::nullopt, {});
    CHECK(loaded.config.database_url == "postgresql://anna:s3cret@db.example/findme");
    CHECK(loaded.entries.front().value == "postgresql://anna:***@db.example/findme");
    CHECK_THROWS_WITH(load_config({{"FINDME_DATABASE_URL", "mysql://anna:s3cret@db/x"}}, std::nullopt, {}),
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

TEST_CASE("redact: a password in libpq's other spellings goes too", "[config]") {
    CHECK(config::redact_url("postgresql://db/x?sslpassword=secret").find("secret") == std::string::npos);
    CHECK(config::redact_url("host=db user=a password=secret dbname=x").find("secret") == std::string::npos);
}
