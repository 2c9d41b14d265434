#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "db/connection.hpp"
#include "findme/findme.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::TemporaryFolder;

namespace {

Services services_that(MissingDatabase missing_database) {
    Services services;
    services.missing_database = missing_database;
    return services;
}

ErrorCode refusal_of(const Config& config, const std::string& data_dir, const Services& services) {
    try {
        const Findme findme(config, data_dir, services);
    } catch (const Error& error) {
        return error.code();
    }
    FAIL("no error was thrown");
    return ErrorCode::internal;
}

}  // namespace

TEST_CASE("findme: a host that wants no new database gets none, and opens the one that is there",
          "[findme]") {
    const TemporaryFolder folder;
    const Config config;
    const std::string data_dir = folder / "share/findme";
    CHECK(refusal_of(config, data_dir, services_that(MissingDatabase::refuse)) == ErrorCode::not_found);
    CHECK(std::filesystem::is_empty(folder.path()));
    CHECK(Findme(config, data_dir).events().list().empty());
    CHECK(std::filesystem::exists(data_dir + "/findme.db"));
    for (const auto& made : {folder / "share", data_dir})
        CHECK(std::filesystem::status(made).permissions() == std::filesystem::perms::owner_all);
    CHECK(Findme(config, data_dir, services_that(MissingDatabase::refuse)).events().list().empty());
}

TEST_CASE("findme: the folder of a database that is named is not made, the data folder is", "[findme]") {
    const TemporaryFolder folder;
    Config config;
    config.database_url = "sqlite:" + (folder / "no/such.db");
    CHECK(refusal_of(config, folder.path(), {}) == ErrorCode::config_invalid);
    CHECK(std::filesystem::is_empty(folder.path()));
    config.database_url = "sqlite:" + (folder / "such.db");
    CHECK(Findme(config, folder.path()).events().list().empty());
}

TEST_CASE("findme: a file without tables is nobody's new database where none is to be made", "[findme]") {
    const TemporaryFolder folder;
    Config config;
    config.database_url = "sqlite:" + (folder / "findme.db");
    static_cast<void>(db::open_database(config.database_url, {}));
    CHECK(refusal_of(config, "", services_that(MissingDatabase::refuse)) == ErrorCode::schema_outdated);
    CHECK(Findme(config, "").events().list().empty());
}
