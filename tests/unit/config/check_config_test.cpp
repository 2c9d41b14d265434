#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "findme/config.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::TemporaryFolder;

namespace {

bool warns(const ConfigReport& report, const std::string& text) {
    return std::any_of(report.warnings.begin(), report.warnings.end(),
                       [&](const auto& warning) { return warning.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("config check: nothing at all is no problem", "[config]") {
    const auto report = check_config({});
    CHECK(report.problems.empty());
    CHECK(report.warnings.empty());
    CHECK(report.files.empty());
}

TEST_CASE("config check: good values are in force although others are refused", "[config]") {
    const auto report = check_config({.settings = {{"index.jobs", "3"}, {"match.min_score", "many"}}});
    CHECK(report.problems.size() == 1);
    CHECK(report.loaded.config.index_jobs == 3);
    CHECK(report.loaded.config.match_min_score == Config{}.match_min_score);
}

TEST_CASE("config check: problems of every source are told together, the weakest source first", "[config]") {
    const TemporaryFolder folder;
    std::ofstream(folder / "system.yaml") << "index.jobs: a\n";
    std::ofstream(folder / "given.yaml") << "index.jobs: b\n";
    const auto report = check_config({.environment = {{"FINDME_INDEX_JOBS", "c"}},
                                      .system_file = folder / "system.yaml",
                                      .file = folder / "given.yaml",
                                      .settings = {{"index.jobs", "d"}, {"index.job", "2"}},
                                      .flags = {{"index.jobs", "e"}}});
    std::vector<std::string> places;
    for (const auto& problem : report.problems) places.push_back(problem.subject);
    CHECK(places == std::vector<std::string>{folder / "system.yaml:1", folder / "given.yaml:1",
                                             "FINDME_INDEX_JOBS", "--set index.job", "--set index.jobs",
                                             "--jobs"});
}

TEST_CASE("config check: files are listed with how much they set, and one that sets nothing is warned of",
          "[config]") {
    const TemporaryFolder folder;
    const std::string full = folder / "full.yaml";
    const std::string empty = folder / "empty.yaml";
    std::ofstream(full) << "index:\n  jobs: 3\nmatch.min_score: 80\n";
    std::ofstream(empty) << "index:\n  #jobs: 3\n";
    const auto report = check_config({.system_file = empty, .file = full});
    REQUIRE(report.files.size() == 2);
    CHECK(report.files[0].origin == ConfigOrigin::system_file);
    CHECK(report.files[0].setting_count == 0);
    CHECK(report.files[1].path == full);
    CHECK(report.files[1].setting_count == 2);
    CHECK(warns(report, "empty.yaml\" sets nothing"));
    CHECK(report.warnings.size() == 1);
}

TEST_CASE("config check: a relative path in a file is warned of, and one that is given for a run is not",
          "[config]") {
    const TemporaryFolder folder;
    const std::string file = folder / "findme.yaml";
    const auto warnings_of = [&](const char* text) {
        std::ofstream(file) << text;
        return check_config({.file = file});
    };
    const auto report =
        warnings_of("database: sqlite:party.db\nmodels.dir: ../models\nhealth.listen: unix:health.sock\n");
    CHECK(report.problems.empty());
    CHECK(report.warnings.size() == 3);
    CHECK(warns(report, "findme.yaml:1: database: the path \"party.db\" depends on the folder"));
    CHECK(warns(report, "findme.yaml:2: models.dir: the path \"../models\" depends on the folder"));
    CHECK(warns(report, "findme.yaml:3: health.listen: the path \"health.sock\" depends on the folder"));
    CHECK(warnings_of("database: sqlite:/srv/party.db\nmodels.dir: /srv/models\nhealth.listen: unix:/run/h\n")
              .warnings.empty());
    CHECK(warnings_of("database: postgresql:///findme\nhealth.listen: 127.0.0.1:1\n").warnings.empty());
    CHECK(check_config(
              {.environment = {{"FINDME_MODELS_DIR", "models"}}, .flags = {{"database", "sqlite:party.db"}}})
              .warnings.empty());
    // What a run overrides hurts nobody in it.
    std::ofstream(file) << "database: sqlite:party.db\n";
    CHECK(check_config({.file = file, .flags = {{"database", "sqlite:/srv/party.db"}}}).warnings.empty());
}

TEST_CASE("config check: a password in the database's URL is warned of, and not repeated", "[config]") {
    const auto report =
        check_config({.environment = {{"FINDME_DATABASE_URL", "postgresql://anna:s3cret@db/x"}}});
    CHECK(warns(report, "FINDME_DATABASE_URL: database holds a password: put it into ~/.pgpass"));
    CHECK_FALSE(warns(report, "s3cret"));
    CHECK(check_config({.settings = {{"database", "postgresql://anna@db/x"}}}).warnings.empty());
}

TEST_CASE("config check: settings of a pool that an embedded database does not have are warned of",
          "[config]") {
    ConfigSources sources{.settings = {{"database_pool.size", "9"}}};
    CHECK(warns(check_config(sources), "--set database_pool.size: database_pool.size has no effect"));
    sources.settings["database"] = "sqlite:/tmp/a.db";
    CHECK(warns(check_config(sources), "has no effect"));
    sources.settings["database"] = "postgresql://db/x";
    CHECK(check_config(sources).warnings.empty());
}

TEST_CASE("config check: a limit that no picture can reach is warned of", "[config]") {
    const auto report = check_config({.settings = {{"image.max_side_px", "1000"}}});
    CHECK(warns(report, "no picture within image.max_side_px 1000 has image.max_pixels 120000000"));
    CHECK(check_config({.settings = {{"image.max_side_px", "1000"}, {"image.max_pixels", "1000000"}}})
              .warnings.empty());
}

TEST_CASE("config check: a variable that is nearly a setting's is warned of, others are left alone",
          "[config]") {
    const auto report = check_config({.environment = {{"FINDME_INDEX_JOB", "3"},
                                                      {"FINDME_CONFIGG", "x"},
                                                      {"FINDME_TEST_SAMPLES", "x"},
                                                      {"PATH", "x"}}});
    CHECK(warns(report,
                "\"FINDME_INDEX_JOB\" is the variable of no setting (did you mean \"FINDME_INDEX_JOBS\"?)"));
    CHECK(warns(report, "FINDME_CONFIGG"));
    CHECK(report.warnings.size() == 2);
}
