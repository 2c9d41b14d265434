#include "support/test_database.hpp"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "findme/error.hpp"
#include "store/migration.hpp"
#include "store/schema.hpp"
#include "support/patience.hpp"
#include "support/resources.hpp"

namespace findme::testing {
namespace {

std::string server_url() {
    const char* url = std::getenv("FINDME_TEST_POSTGRESQL_URL");
    return url != nullptr ? url : "";
}

bool server_is_there() {
    if (!server_url().empty()) return true;
    skip_or_fail("FINDME_TEST_POSTGRESQL_URL is not set (tests/run.sh starts a PostgreSQL server)");
    return false;
}

std::unique_ptr<db::Database> open(const std::string& url) {
    db::OpenOptions options = patient_options();
    options.pool_overflow = 50;
    return db::open_database(url, options);
}

void run_on_server(const std::string& sql) {
    open(server_url())->connect()->run_script(sql);
}

/// A database with the current schema that others are copied from: made once for a set of migrations, by the
/// first of all test programs that run at the same time.
std::string current_template() {
    std::string all;
    for (const auto& step : store::embedded_migrations(db::Dialect::postgresql)) all += step.up_sql;
    std::string name = "findme_template_" + store::migration_checksum(all).substr(0, 16);
    const auto server = open(server_url());
    const auto connection = server->connect();
    std::unique_ptr<db::NamedLock> lock;
    while (!(lock = connection->try_lock(name))) std::this_thread::sleep_for(std::chrono::milliseconds{20});
    bool there = false;
    connection->run("SELECT 1 FROM pg_database WHERE datname = $1", {name},
                    [&](const db::Row&) { there = true; });
    if (!there) {
        connection->run_script("DROP DATABASE IF EXISTS " + name + "_new");
        connection->run_script("CREATE DATABASE " + name + "_new");
        store::initialise_schema(*open(postgresql_url_of(name + "_new"))->connect());
        connection->run_script("ALTER DATABASE " + name + "_new RENAME TO " + name);
    }
    return name;
}

std::string fresh_name() {
    static std::atomic<int> count{0};
    return "findme_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
}

}  // namespace

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "findme.XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<db::Dialect> available_databases() {
    if (!server_is_there()) return {db::Dialect::sqlite};
    return {db::Dialect::sqlite, db::Dialect::postgresql};
}

std::vector<db::Dialect> available_postgresql() {
    return server_is_there() ? std::vector{db::Dialect::postgresql} : std::vector<db::Dialect>{};
}

db::OpenOptions patient_options() {
    db::OpenOptions options;
    options.patience = patience(std::chrono::seconds{60});
    return options;
}

std::string postgresql_url_of(const std::string& database) {
    // postgresql://ROLE@HOST/DATABASE?PARAMETERS
    std::string url = server_url();
    const auto begin = url.find('/', url.find("://") + 3) + 1;
    const auto end = std::min(url.find('?', begin), url.size());
    return url.replace(begin, end - begin, database);
}

TestDatabase::TestDatabase(db::Dialect dialect, Schema schema) {
    if (dialect == db::Dialect::sqlite) {
        url_ = "sqlite:" + file();
        database_ = db::open_database(url_, patient_options());
        if (schema == Schema::current) store::initialise_schema(*connect());
        return;
    }
    server_name_ = fresh_name();
    run_on_server("CREATE DATABASE " + server_name_ + " TEMPLATE " +
                  (schema == Schema::current ? current_template() : std::string("template0")));
    url_ = postgresql_url_of(server_name_);
    database_ = open(url_);
}

TestDatabase::~TestDatabase() {
    if (server_name_.empty()) return;
    database_.reset();
    try {
        run_on_server("DROP DATABASE IF EXISTS " + server_name_ + " WITH (FORCE)");
    } catch (const Error&) {
        // The server goes with the test run, and this with it.
    }
}

}  // namespace findme::testing
