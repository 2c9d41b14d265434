#include "store/schema.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "findme/clock.hpp"
#include "findme/error.hpp"
#include "store/migration.hpp"
#include "support/test_database.hpp"

using namespace findme;
using db::Dialect;
using db::Row;
using store::embedded_migrations;
using store::Migration;
using store::migration_checksum;
using testing::Schema;
using testing::TemporaryFolder;
using testing::TestDatabase;

namespace {

ErrorInfo error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("no error was thrown");
    return {};
}

void run_in_transaction(db::Connection& connection, std::string_view sql) {
    db::Transaction transaction(connection, db::Access::write);
    connection.run_script(sql);
    transaction.commit();
}

/// What the database itself says its schema is: a renamed or altered table keeps its words, not its blanks
/// and quotes.
std::map<std::string, std::string> schema_of(db::Connection& connection) {
    std::map<std::string, std::string> schema;
    connection.run(
        "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> "
        "'sqlite_sequence'",
        {}, [&](const Row& row) {
            std::string& words = schema[row.text(0)];
            for (const char c : row.text(1)) {
                if (c != ' ' && c != '\n' && c != '"') words += c;
            }
        });
    return schema;
}

std::int64_t scalar(db::Connection& connection, std::string_view sql) {
    std::int64_t value = -1;
    connection.run(sql, {}, [&](const Row& row) { value = row.integer(0); });
    return value;
}

Migration migration(std::int64_t version) {
    return embedded_migrations(Dialect::sqlite)[static_cast<std::size_t>(version - 1)];
}

void go_up_to(db::Connection& connection, std::int64_t version) {
    for (std::int64_t step = 1; step <= version; ++step)
        run_in_transaction(connection, migration(step).up_sql);
}

constexpr auto kAddUser =
    "INSERT INTO users (username, email, hashed_password) VALUES ($1, $2, 'x') RETURNING id";

}  // namespace

TEST_CASE("migrations: the embedded ones are numbered from 1 and named", "[store]") {
    const auto migrations = embedded_migrations(Dialect::sqlite);
    std::vector<std::string> names;
    for (const Migration& step : migrations) {
        names.emplace_back(step.name);
        CHECK(step.version == static_cast<std::int64_t>(names.size()));
        CHECK_FALSE(step.up_sql.empty());
        CHECK_FALSE(step.down_sql.empty());
    }
    REQUIRE(names.size() >= 4);
    CHECK(names[0] == "base");
    CHECK(names[1] == "reset_token_cascade");
    CHECK(names[2] == "account_per_event");
    CHECK(names[3] == "photo_index");
}

TEST_CASE("migrations: a checksum does not depend on line endings or a byte order mark", "[store]") {
    const std::string unix_text = "SELECT 1;\n\nSELECT 2;\n";
    const std::string sum = migration_checksum(unix_text);
    CHECK(sum.size() == 64);
    CHECK(migration_checksum("SELECT 1;\r\n\r\nSELECT 2;\r\n") == sum);
    CHECK(migration_checksum("SELECT 1;\r\rSELECT 2;\r") == sum);
    CHECK(migration_checksum("\xEF\xBB\xBF" + unix_text) == sum);
    CHECK(migration_checksum("SELECT 1;\nSELECT 2;\n") != sum);
    CHECK(migration_checksum("SELECT 1;\n\nSELECT 3;\n") != sum);
    // @source printf '' | sha256sum
    CHECK(migration_checksum("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("migrations: up, down and up again gives the same schema at every step", "[store]") {
    TestDatabase database(Dialect::sqlite, Schema::none);
    const auto connection = database.connect();
    for (const Migration& step : embedded_migrations(Dialect::sqlite)) {
        CAPTURE(step.name);
        const auto before = schema_of(*connection);
        run_in_transaction(*connection, step.up_sql);
        const auto after = schema_of(*connection);
        CHECK(after != before);
        run_in_transaction(*connection, step.down_sql);
        CHECK(schema_of(*connection) == before);
        run_in_transaction(*connection, step.up_sql);
        CHECK(schema_of(*connection) == after);
        CHECK(scalar(*connection, "SELECT count(*) FROM pragma_foreign_key_check") == 0);
    }
    for (std::int64_t version = std::ssize(embedded_migrations(Dialect::sqlite)); version > 0; --version) {
        run_in_transaction(*connection, migration(version).down_sql);
    }
    CHECK(store::is_empty(*connection));
    CHECK(scalar(*connection, "SELECT application_id FROM pragma_application_id") == 0);
}

TEST_CASE("migrations: every table is strict", "[store]") {
    TestDatabase database(Dialect::sqlite);
    const auto connection = database.connect();
    CHECK(scalar(*connection,
                 "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
                 " AND name NOT LIKE 'sqlite%' AND strict = 0") == 0);
    CHECK(scalar(*connection,
                 "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 1") == 18);
}

TEST_CASE("migrations: every foreign key has an index, so that a delete scans no table", "[store]") {
    TestDatabase database(Dialect::sqlite);
    const auto connection = database.connect();
    std::string missing;
    connection->run(
        "SELECT t.name || '.' || f.\"from\" FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f"
        " WHERE t.schema = 'main' AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) i"
        "  JOIN pragma_index_info(i.name) c WHERE c.seqno = 0 AND c.name = f.\"from\")"
        " AND NOT EXISTS (SELECT 1 FROM pragma_table_info(t.name) k WHERE k.pk = 1 AND k.name = f.\"from\")",
        {}, [&](const Row& row) { missing += row.text(0) + " "; });
    CHECK(missing.empty());
}

// The first release failed with "ForeignKeyViolation: password_reset_tokens_user_id_fkey" whenever a user who
// had asked for a new password was deleted.
TEST_CASE("migrations: step 2 lets a user with reset tokens be deleted, and keeps the tokens there are",
          "[store]") {
    TestDatabase database(Dialect::sqlite, Schema::none);
    const auto connection = database.connect();
    go_up_to(*connection, 1);
    connection->run(kAddUser, {"a", "a@example.org"});
    connection->run("INSERT INTO password_reset_tokens (user_id, token, expires_at) VALUES (1, 't', '2026')");
    CHECK(error_of([&] { connection->run("DELETE FROM users"); }).code == ErrorCode::constraint);

    run_in_transaction(*connection, migration(2).up_sql);
    CHECK(scalar(*connection,
                 "SELECT count(*) FROM password_reset_tokens WHERE user_id = 1 AND token = 't'") == 1);
    run_in_transaction(*connection, migration(2).down_sql);
    run_in_transaction(*connection, migration(2).up_sql);
    CHECK(connection->run("DELETE FROM users") == 1);
    CHECK(scalar(*connection, "SELECT count(*) FROM password_reset_tokens") == 0);
}

TEST_CASE("migrations: step 3 makes accounts unique per event, and staff among themselves", "[store]") {
    TestDatabase database(Dialect::sqlite, Schema::none);
    const auto connection = database.connect();
    go_up_to(*connection, 2);
    connection->run("INSERT INTO events (name, event_code) VALUES ('A', 'A'), ('B', 'B')");
    connection->run(kAddUser, {"staff", "staff@example.org"});
    CHECK(error_of([&] {
              connection->run(kAddUser, {"other", "staff@example.org"});
          }).code == ErrorCode::constraint);

    run_in_transaction(*connection, migration(3).up_sql);
    const auto add_guest = [&](std::int64_t event, const char* name) {
        connection->run(
            "INSERT INTO users (username, email, hashed_password, event_id) VALUES ($1, $2, 'x', $3)",
            {name, "guest@example.org", event});
    };
    add_guest(1, "guest");
    add_guest(2, "guest");
    CHECK(error_of([&] { add_guest(1, "another"); }).subject == "users_email_event_unique");
    connection->run(kAddUser, {"guest", "guest@example.org"});
    CHECK(error_of([&] {
              connection->run(kAddUser, {"guest", "x@example.org"});
          }).subject == "users_username_event_unique");

    // There is no way back while one e-mail has several accounts, and the attempt leaves all as it was.
    const auto before = schema_of(*connection);
    CHECK(error_of([&] { run_in_transaction(*connection, migration(3).down_sql); }).code ==
          ErrorCode::constraint);
    CHECK(schema_of(*connection) == before);
    connection->run("DELETE FROM users WHERE event_id = $1 OR event_id IS NULL AND username = $2",
                    {2, "guest"});
    run_in_transaction(*connection, migration(3).down_sql);
    CHECK(scalar(*connection, "SELECT count(*) FROM users") == 2);
}

TEST_CASE("migrations: step 4 keeps the photos there are and gives their event a retention", "[store]") {
    TestDatabase database(Dialect::sqlite, Schema::none);
    const auto connection = database.connect();
    go_up_to(*connection, 3);
    connection->run("INSERT INTO events (name, event_code) VALUES ('A', 'A')");
    connection->run("INSERT INTO photos (filename, photo_type, event_id) VALUES ('a', 'uploaded', 1)");
    connection->run("INSERT INTO photos (filename, photo_type, event_id) VALUES ('b', 'uploaded', 1)");
    run_in_transaction(*connection, migration(4).up_sql);
    CHECK(scalar(*connection, "SELECT retention_days FROM events WHERE created_at IS NOT NULL") == 365);
    CHECK(scalar(*connection, "SELECT count(*) FROM photos WHERE content_hash IS NULL") == 2);
    run_in_transaction(*connection, migration(4).down_sql);
    CHECK(scalar(*connection, "SELECT count(*) FROM photos") == 2);
}

TEST_CASE("schema: making it leaves a history row for every step", "[store]") {
    TestDatabase database(Dialect::sqlite, Schema::none);
    const auto connection = database.connect();
    CHECK(store::is_empty(*connection));
    store::initialise_schema(*connection);
    CHECK_FALSE(store::is_empty(*connection));
    store::require_current_schema(*connection);
    std::int64_t steps = 0;
    connection->run(
        "SELECT version, name, checksum, checksum_algorithm, applied_at, applied_by, execution_ms"
        " FROM findme_schema_history ORDER BY version",
        {}, [&](const Row& row) {
            const Migration step = migration(++steps);
            CHECK(row.integer(0) == step.version);
            CHECK(row.text(1) == step.name);
            CHECK(row.text(2) == migration_checksum(step.up_sql));
            CHECK(row.text(3) == "sha256-lf");
            CHECK(timestamp_from_iso8601(row.text(4)).ok());
            CHECK(row.is_null(5));
            CHECK(row.integer(6) >= 0);
        });
    CHECK(steps == std::ssize(embedded_migrations(Dialect::sqlite)));
    store::initialise_schema(*connection);
    store::require_current_schema(*connection);
}

TEST_CASE("schema: a database of somebody else is neither changed nor used", "[store]") {
    TestDatabase database(Dialect::sqlite, Schema::none);
    const auto connection = database.connect();
    connection->run_script("CREATE TABLE recipes (id INTEGER)");
    store::initialise_schema(*connection);
    CHECK(schema_of(*connection).size() == 1);
    const auto error = error_of([&] { store::require_current_schema(*connection); });
    CHECK(error.code == ErrorCode::schema_outdated);
    CHECK(error.subject == "0");
}

TEST_CASE("schema: missing steps and unknown ones are told apart", "[store]") {
    TestDatabase database(Dialect::sqlite);
    const auto connection = database.connect();
    const std::int64_t last = std::ssize(embedded_migrations(Dialect::sqlite));
    connection->run("UPDATE findme_schema_history SET version = $1 WHERE version = $2", {9999, last});
    const auto newer = error_of([&] { store::require_current_schema(*connection); });
    CHECK(newer.code == ErrorCode::schema_too_new);
    CHECK(newer.subject == "9999");
    connection->run("DELETE FROM findme_schema_history WHERE version = $1", {9999});
    const auto older = error_of([&] { store::require_current_schema(*connection); });
    CHECK(older.code == ErrorCode::schema_outdated);
    CHECK(older.subject == std::to_string(last - 1));
    CHECK_THAT(older.message, Catch::Contains("findme migrate"));
}

TEST_CASE("schema: eight processes that make it at once make it once", "[store]") {
    constexpr int kProcesses = 8;
    TemporaryFolder folder;
    const std::string url = "sqlite:" + (folder / "findme.db");
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child != 0) {
            children.push_back(child);
            continue;
        }
        int status = 1;
        try {
            const auto database = db::open_database(url, testing::patient_options());
            const auto connection = database->connect();
            store::initialise_schema(*connection);
            store::require_current_schema(*connection);
            status = 0;
        } catch (const std::exception&) {
            status = 2;
        }
        ::_exit(status);
    }
    for (const pid_t child : children) {
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    const auto database = db::open_database(url, {.if_missing = db::IfMissing::refuse});
    const auto connection = database->connect();
    CHECK(scalar(*connection, "SELECT count(*) FROM findme_schema_history") ==
          std::ssize(embedded_migrations(Dialect::sqlite)));
}

TEST_CASE("schema: eight threads that make it at once make it once", "[store]") {
    constexpr int kThreads = 8;
    TestDatabase database(Dialect::sqlite, Schema::none);
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            try {
                // Each with a database of its own: the pool is not what is tested.
                const auto own = db::open_database(database.url(), testing::patient_options());
                const auto connection = own->connect();
                store::initialise_schema(*connection);
                store::require_current_schema(*connection);
            } catch (const Error&) {
                ++failures;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(failures == 0);
}
