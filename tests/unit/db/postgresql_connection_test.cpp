#include "db/postgresql_connection.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/error.hpp"
#include "support/severing_proxy.hpp"
#include "support/test_database.hpp"

using namespace findme;
using db::Access;
using db::Connection;
using db::OpenOptions;
using db::Row;
using db::Transaction;
using testing::available_postgresql;
using testing::Schema;
using testing::SeveringProxy;
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

std::string text_of(Connection& connection, const std::string& sql,
                    std::initializer_list<db::Value> parameters = {}) {
    std::string text;
    connection.run(sql, parameters, [&](const Row& row) { text = row.text(0); });
    return text;
}

std::int64_t integer_of(Connection& connection, const std::string& sql,
                        std::initializer_list<db::Value> parameters = {}) {
    std::int64_t integer = -1;
    connection.run(sql, parameters, [&](const Row& row) { integer = row.integer(0); });
    return integer;
}

std::int64_t process_of(Connection& connection) {
    return integer_of(connection, "SELECT pg_backend_pid()");
}

/// Ends the session of `victim`, and comes back when its process is gone.
void terminate(Connection& killer, Connection& victim) {
    const std::int64_t process = process_of(victim);
    killer.run("SELECT pg_terminate_backend($1, 10000)", {process});
}

/// Makes the server end the session in the middle of the commit.
constexpr auto kDeadlyTable =
    "CREATE TABLE item (id int PRIMARY KEY);"
    "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
    " $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END$$;"
    "CREATE CONSTRAINT TRIGGER deadly AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION die();";

}  // namespace

TEST_CASE("postgresql: a session is set up alike, whatever the server's and the role's settings",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const std::string name = text_of(*database.connect(), "SELECT current_database()");
        database.connect()->run_script("ALTER DATABASE " + name + " SET TimeZone = 'Asia/Tokyo';");
        database.connect()->run_script("ALTER DATABASE " + name + " SET DateStyle = 'SQL, DMY';");
        database.connect()->run_script("ALTER DATABASE " + name + " SET bytea_output = 'escape';");
        database.connect()->run_script("ALTER DATABASE " + name + " SET client_encoding = 'LATIN1';");
        database.connect()->run_script("ALTER DATABASE " + name + " SET row_security = on;");
        OpenOptions options;
        options.statement_timeout = std::chrono::milliseconds{1234};
        options.application_name = "findme test";
        const auto connection = db::open_database(database.url(), options)->connect();
        CHECK(text_of(*connection, "SELECT current_setting('statement_timeout')") == "1234ms");
        CHECK(text_of(*connection, "SELECT current_setting('idle_in_transaction_session_timeout')") ==
              "1min");
        CHECK(text_of(*connection, "SELECT current_setting('application_name')") == "findme test");
        CHECK(text_of(*connection, "SELECT timestamptz '2026-11-22 21:40:00.123987+09'") ==
              "2026-11-22T12:40:00.123Z");
        CHECK(text_of(*connection, "SELECT chr(233)") == "\xC3\xA9");
        CHECK(text_of(*connection, "SELECT date '2026-11-22'") == "2026-11-22");
        CHECK(text_of(*connection, "SELECT current_setting('row_security')") == "off");
    }
}

TEST_CASE("postgresql: rows that a policy hides are an error on every connection, also the one after a loss",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        // The owner of a table is subject to its policies when the table says so, unless it is a superuser.
        const std::string role = "subject_" + text_of(*database.connect(), "SELECT current_database()");
        database.connect()->run_script("CREATE ROLE " + role + "; CREATE TABLE item (id int);" +
                                       "INSERT INTO item VALUES (1); GRANT ALL ON item TO " + role +
                                       "; ALTER TABLE item ENABLE ROW LEVEL SECURITY;"
                                       "CREATE POLICY hides ON item USING (false);");
        OpenOptions options;
        options.pool_size = 1;
        const auto pool = db::open_database(database.url(), options);
        const auto refusal = [&](Connection& connection, const char* sql) {
            connection.run_script("SET ROLE " + role);
            ErrorInfo info = error_of([&] { connection.run(sql); });
            connection.run_script("RESET ROLE");
            return info;
        };
        std::int64_t process = 0;
        for (int use = 0; use < 3; ++use) {
            const auto connection = pool->connect();
            for (const auto* sql : {"SELECT count(*) FROM item", "DELETE FROM item", "UPDATE item SET id = 2",
                                    "INSERT INTO item VALUES (3)"}) {
                INFO(sql);
                const ErrorInfo info = refusal(*connection, sql);
                CHECK(info.code == ErrorCode::store_denied);
                CHECK(info.retry == Retry::no);
                CHECK_THAT(info.message, Catch::Contains("hides rows of the table \"item\" from this role") &&
                                             Catch::Contains("BYPASSRLS"));
            }
            // Given back and taken again, then lost.
            CHECK((process_of(*connection) == process) == (use == 1));
            process = process_of(*connection);
            if (use == 1) terminate(*database.connect(), *connection);
        }
        CHECK(integer_of(*database.connect(), "SELECT count(*) FROM item") == 1);
        database.connect()->run_script("DROP OWNED BY " + role + "; DROP ROLE " + role + ";");
    }
}

TEST_CASE("postgresql: columns of every type read as the kinds findme knows", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto connection = database.connect();
        connection->run_script("CREATE TYPE mood AS ENUM ('good', 'bad')");
        int rows = 0;
        connection->run(
            "SELECT 1::int2, -2::int4, 3::int8, true, false, 0.1::float4, 0.1::float8, 12.50::numeric,"
            " 'a'::varchar(3), 'b'::char(2), 'c'::name, 'good'::mood, timestamp '2026-01-02 03:04:05',"
            " timestamptz '2026-01-02 03:04:05.1+00', '\\x00ff27'::bytea, 'infinity'::float8, "
            "'infinity'::timestamptz",
            {}, [&](const Row& row) {
                ++rows;
                CHECK(row.integer(0) == 1);
                CHECK(row.integer(1) == -2);
                CHECK(row.integer(2) == 3);
                CHECK(row.integer(3) == 1);
                CHECK(row.integer(4) == 0);
                CHECK(static_cast<float>(row.real(5)) == 0.1F);
                CHECK(row.real(6) == 0.1);
                CHECK(row.real(7) == 12.5);
                CHECK(row.text(8) == "a");
                CHECK(row.text(9) == "b ");
                CHECK(row.text(10) == "c");
                CHECK(row.text(11) == "good");
                CHECK(row.text(12) == "2026-01-02T03:04:05.000Z");
                CHECK(row.text(13) == "2026-01-02T03:04:05.100Z");
                const auto bytes = row.bytes(14);
                CHECK(db::Bytes(bytes.begin(), bytes.end()) == db::Bytes{0, 0xFF, 0x27});
                CHECK(row.real(15) > 1e308);
                CHECK(row.text(16) == "infinity");
                CHECK(error_of([&] { (void)row.text(3); }).code == ErrorCode::internal);
                CHECK(error_of([&] { (void)row.integer(7); }).code == ErrorCode::internal);
                CHECK(error_of([&] { (void)row.text(99); }).code == ErrorCode::internal);
            });
        CHECK(rows == 1);
    }
}

TEST_CASE("postgresql: a server's notices do not get onto the terminal", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto connection = database.connect();
        const std::string file = database.file() + ".stderr";
        const int saved = ::dup(STDERR_FILENO);
        REQUIRE(std::freopen(file.c_str(), "w", stderr) != nullptr);
        connection->run_script(
            "DO $$BEGIN RAISE WARNING 'look at me'; END$$; DROP TABLE IF EXISTS nothing; ROLLBACK;");
        try {
            connection->run("SELECT no_such_column");
        } catch (const Error&) {
            // Only what was printed matters here.
        }
        std::fflush(stderr);
        REQUIRE(::dup2(saved, STDERR_FILENO) >= 0);
        ::close(saved);
        CHECK(std::ifstream(file).peek() == std::ifstream::traits_type::eof());
    }
}

TEST_CASE("postgresql: a text with a NUL byte is refused, not cut", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto connection = database.connect();
        const auto error =
            error_of([&] { (void)text_of(*connection, "SELECT $1", {std::string("a\0b", 3)}); });
        CHECK(error.code == ErrorCode::invalid_argument);
    }
}

TEST_CASE("postgresql: after its session was terminated the next checkout has another one",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto killer = database.connect();
        std::int64_t former = 0;
        {
            const auto victim = database.connect();
            former = process_of(*victim);
            terminate(*killer, *victim);
        }
        const auto next = database.connect();
        CHECK(process_of(*next) != former);
    }
}

TEST_CASE("postgresql: a lost connection is never silently a new one", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto killer = database.connect();
        const auto victim = database.connect();
        victim->run_script("SET application_name = 'mine'");
        terminate(*killer, *victim);
        for (int i = 0; i < 3; ++i) {
            const auto error = error_of([&] { victim->run("SELECT 1"); });
            CHECK(error.code == ErrorCode::store_unreachable);
            CHECK(error.retry == Retry::now);
            CHECK_FALSE(error.in_doubt);
        }
    }
}

TEST_CASE("postgresql: a connection lost inside a transaction is no doubt: nothing was kept",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto killer = database.connect();
        killer->run_script("CREATE TABLE item (id int)");
        {
            const auto victim = database.connect();
            Transaction transaction(*victim, Access::write);
            victim->run("INSERT INTO item VALUES (1)");
            terminate(*killer, *victim);
            const auto error = error_of([&] { victim->run("INSERT INTO item VALUES (2)"); });
            CHECK(error.retry == Retry::now);
            CHECK_FALSE(error.in_doubt);
        }
        CHECK(integer_of(*killer, "SELECT count(*) FROM item") == 0);
    }
}

TEST_CASE("postgresql: a commit whose answer is lost is in doubt", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        database.connect()->run_script("CREATE TABLE item (id int)");
        SeveringProxy proxy(database.url());
        const auto connection = db::open_database(proxy.url(), {})->connect();
        Transaction transaction(*connection, Access::write);
        connection->run("INSERT INTO item VALUES (1)");
        proxy.sever_after("COMMIT");
        const auto error = error_of([&] { transaction.commit(); });
        CHECK(error.in_doubt);
        CHECK(error.retry == Retry::no);
        CHECK(error.code == ErrorCode::store_unreachable);
        // This time it took place.
        CHECK(integer_of(*database.connect(), "SELECT count(*) FROM item") == 1);
    }
}

TEST_CASE("postgresql: a commit that the server's end cuts short is in doubt too", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        database.connect()->run_script(kDeadlyTable);
        const auto connection = database.connect();
        Transaction transaction(*connection, Access::write);
        connection->run("INSERT INTO item VALUES (1)");
        const auto error = error_of([&] { transaction.commit(); });
        CHECK(error.in_doubt);
        CHECK(error.retry == Retry::no);
        // This time it did not.
        CHECK(integer_of(*database.connect(), "SELECT count(*) FROM item") == 0);
    }
}

TEST_CASE("postgresql: outside a transaction a change whose answer is lost is in doubt, a question is not",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        database.connect()->run_script("CREATE TABLE item (id int)");
        SeveringProxy proxy(database.url());
        const auto through = db::open_database(proxy.url(), {});
        for (const std::string change : {"INSERT INTO item VALUES (1)", "-- why\n UPDATE item SET id = 2",
                                         "WITH gone AS (DELETE FROM item "
                                         "RETURNING id) SELECT id FROM gone",
                                         "VACUUM item"}) {
            const auto connection = through->connect();
            proxy.sever_after("item");
            const auto error = error_of([&] { connection->run(change); });
            CHECK(error.in_doubt);
            CHECK(error.retry == Retry::no);
        }
        for (const std::string script :
             {"SELECT 1; DELETE FROM item", "SET application_name = 'a'; DELETE FROM item"}) {
            const auto connection = through->connect();
            proxy.sever_after("item");
            CHECK(error_of([&] { connection->run_script(script); }).in_doubt);
        }
        const auto connection = through->connect();
        proxy.sever_after("item");
        const auto error = error_of([&] { (void)integer_of(*connection, "SELECT count(*) FROM item"); });
        CHECK_FALSE(error.in_doubt);
        CHECK(error.retry == Retry::now);
    }
}

TEST_CASE("postgresql: a transaction with a failed statement cannot be committed", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto connection = database.connect();
        connection->run_script("CREATE TABLE item (id int PRIMARY KEY)");
        const std::vector<std::function<void()>> commits = {
            [&] { connection->commit(); },
            [&] { connection->run("COMMIT"); },
            [&] { connection->run_script("-- the last piece\nCOMMIT;"); },
        };
        for (const auto& commit : commits) {
            connection->begin(Access::write);
            connection->run("INSERT INTO item VALUES (1)");
            (void)error_of([&] { connection->run("INSERT INTO item VALUES (1)"); });
            CHECK(error_of(commit).code == ErrorCode::internal);
            CHECK(integer_of(*connection, "SELECT count(*) FROM item") == 0);
        }
        // What a savepoint has undone is no obstacle.
        connection->begin(Access::write);
        connection->run("INSERT INTO item VALUES (1)");
        connection->run("SAVEPOINT before");
        (void)error_of([&] { connection->run("INSERT INTO item VALUES (1)"); });
        connection->run("ROLLBACK TO SAVEPOINT before");
        connection->commit();
        CHECK(integer_of(*connection, "SELECT count(*) FROM item") == 1);
    }
}

TEST_CASE("postgresql: a statement that takes too long is stopped, and says which limit did it",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        OpenOptions options;
        options.statement_timeout = std::chrono::milliseconds{20};
        const auto connection = db::open_database(database.url(), options)->connect();
        const auto error = error_of([&] { connection->run("SELECT pg_sleep(60)"); });
        CHECK(error.code == ErrorCode::store_unreachable);
        CHECK(error.retry == Retry::later);
        CHECK_THAT(error.message, Catch::Contains("statement_timeout"));
        connection->run("SELECT 1");
    }
}

TEST_CASE("postgresql: a server that turned into a standby is left for another connection",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        std::int64_t former = 0;
        {
            const auto connection = database.connect();
            former = process_of(*connection);
            connection->run_script("SET default_transaction_read_only = on");
            const auto error = error_of([&] { connection->run("CREATE TABLE item (id int)"); });
            CHECK(error.code == ErrorCode::store_read_only);
            CHECK(error.retry == Retry::now);
        }
        CHECK(process_of(*database.connect()) != former);
    }
}

TEST_CASE("postgresql: a lock does not outlive its connection's use, however long its owner keeps it",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        auto first = database.connect();
        const auto second = database.connect();
        auto lock = first->try_lock("migrate");
        REQUIRE(lock);
        CHECK_FALSE(second->try_lock("migrate"));
        SECTION("given back") {
            first.reset();
        }
        SECTION("terminated") {
            terminate(*second, *first);
        }
        const auto taken = second->try_lock("migrate");
        CHECK(taken);
        lock.reset();  // Not the second one's.
        CHECK_FALSE(database.connect()->try_lock("migrate"));
    }
}

TEST_CASE("postgresql: scrubbing empties the tables' files, and says so when somebody may still read them",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto connection = database.connect();
        CHECK(connection->scrub());  // There are no tables of that name.
        connection->run_script(
            "CREATE TABLE faces (id int, body text); CREATE TABLE face_templates (id int)");
        connection->run("INSERT INTO faces SELECT n, repeat('x', 1000) FROM generate_series(1, 1000) n");
        connection->run("DELETE FROM faces");
        CHECK(integer_of(*connection, "SELECT pg_relation_size('faces')") > 0);
        CHECK(connection->scrub());
        CHECK(integer_of(*connection, "SELECT pg_relation_size('faces')") == 0);
        CHECK(text_of(*connection, "SELECT current_setting('statement_timeout')") == "1min");

        connection->run("INSERT INTO faces VALUES (1, 'x')");
        const auto reader = database.connect();
        Transaction snapshot(*reader, Access::read);
        CHECK(integer_of(*reader, "SELECT count(*) FROM faces") == 1);
        connection->run("DELETE FROM faces");
        CHECK_FALSE(connection->scrub());
        CHECK(integer_of(*reader, "SELECT count(*) FROM faces") == 1);
        snapshot.commit();
        CHECK(connection->scrub());
        CHECK(integer_of(*connection, "SELECT pg_relation_size('faces')") == 0);
    }
}

TEST_CASE("postgresql: a child process leaves its parent's sessions alone", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const std::int64_t parents = process_of(*database.connect());
        const pid_t child = ::fork();
        if (child == 0) {
            int status = 1;
            try {
                status = process_of(*database.connect()) == parents ? 2 : 0;
                database.close();
            } catch (...) {
                status = 3;
            }
            ::_exit(status);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
        CHECK(process_of(*database.connect()) == parents);
    }
}

TEST_CASE("postgresql: who cannot connect is told why", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto missing = db::open_database(testing::postgresql_url_of("findme_no_such"), {});
        CHECK(error_of([&] { (void)missing->connect(); }).code == ErrorCode::not_found);
        const auto nowhere = db::open_database("postgresql:///d?host=/nowhere", {});
        const auto error = error_of([&] { (void)nowhere->connect(); });
        CHECK(error.code == ErrorCode::store_unreachable);
        CHECK(error.retry == Retry::now);
        CHECK_THAT(error.message, Catch::Contains("host=/nowhere"));
    }
}
