// What a configuration file may be, and who may read it.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "findme/config.hpp"
#include "findme/error.hpp"
#include "support/test_database.hpp"

using namespace findme;
using std::filesystem::perms;
using testing::TemporaryFolder;

namespace {

/// Whether a file of this text and mode is refused, as the system's, the user's and the named file alike.
bool is_refused(const std::string& text, perms mode) {
    const TemporaryFolder folder;
    const std::string path = folder / "findme/findme.yaml";
    std::filesystem::create_directories(folder / "findme");
    std::ofstream(path) << "# first\n" << text;
    std::filesystem::permissions(path, mode);
    int refused_count = 0;
    for (const auto& sources :
         {ConfigSources{.system_file = path},
          ConfigSources{.environment = {{"XDG_CONFIG_HOME", folder.path()}}}, ConfigSources{.file = path}}) {
        const auto report = check_config(sources);
        REQUIRE(report.files.size() == 1);
        if (report.problems.empty()) continue;
        ++refused_count;
        const auto& message = report.problems.front().message;
        CHECK_THAT(message, Catch::StartsWith(path + ":2: database holds a password that others can read"));
        CHECK_THAT(message, Catch::Contains("chmod 600") && !Catch::Contains("s3cret"));
        CHECK_THROWS_AS(load_config(sources), Error);
    }
    CHECK((refused_count == 0 || refused_count == 3));
    return refused_count > 0;
}

constexpr auto kOwner = perms::owner_read | perms::owner_write;

}  // namespace

TEST_CASE("config file: a password that others can read is refused wherever the file is", "[config]") {
    const std::string with_password = "database: postgresql://anna:s3cret@db/x\n";
    CHECK_FALSE(is_refused(with_password, kOwner));
    CHECK(is_refused(with_password, kOwner | perms::group_read));
    CHECK(is_refused(with_password, kOwner | perms::others_read));
    CHECK(is_refused("database: \"postgresql://db/x?password=s3cret\"\n", kOwner | perms::group_read));
}

TEST_CASE("config file: one without a password may be read by anybody", "[config]") {
    constexpr auto kAll = kOwner | perms::group_read | perms::others_read;
    CHECK_FALSE(is_refused("database: postgresql://anna@db/x\n", kAll));
    CHECK_FALSE(is_refused("database: \"postgresql://anna:@db/x\"\n", kAll));
    CHECK_FALSE(is_refused("index.jobs: 3\n", kAll));
}

TEST_CASE("config file: a FIFO that was named is read to its end, one in the user's place is not",
          "[config]") {
    const TemporaryFolder folder;
    const std::string path = folder / "findme/findme.yaml";
    std::filesystem::create_directories(folder / "findme");
    REQUIRE(mkfifo(path.c_str(), S_IRUSR | S_IWUSR) == 0);
    CHECK_NOTHROW(load_config({.environment = {{"XDG_CONFIG_HOME", folder.path()}}}));
    std::thread writer([&] { std::ofstream(path) << "index:\n  jobs: 7\n"; });
    const auto loaded = load_config({.file = path});
    writer.join();
    CHECK(loaded.config.index_jobs == 7);
}
