#include "db/retry.hpp"

#include <barrier>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "findme/error.hpp"
#include "support/severing_proxy.hpp"
#include "support/test_database.hpp"

using namespace findme;
using namespace std::chrono_literals;
using db::Access;
using db::Connection;
using db::IfInDoubt;
using db::Row;
using db::run_retrying;
using db::Transaction;
using testing::available_postgresql;
using testing::Schema;
using testing::SeveringProxy;
using testing::TemporaryFolder;
using testing::TestDatabase;

namespace {

/// Fails `failures` times and counts its runs.
int runs_of(db::Database& database, const ErrorInfo& error, int failures,
            IfInDoubt if_in_doubt = IfInDoubt::stop) {
    int runs = 0;
    const auto work = [&](Connection& /*connection*/) {
        if (++runs <= failures) throw Error(error);
    };
    try {
        run_retrying(database, work, if_in_doubt);
    } catch (const Error&) {
        return -runs;
    }
    return runs;
}

/// What was logged, without fields.
class Recorder final : public Log {
  public:
    void write(LogLevel level, std::string_view event, std::span<const LogField> /*fields*/) override {
        lines.push_back(std::string(to_string(level)) + " " + std::string(event));
    }
    std::vector<std::string> lines;
};

std::int64_t count_items(Connection& connection) {
    std::int64_t count = -1;
    connection.run("SELECT count(*) FROM item", {}, [&](const Row& row) { count = row.integer(0); });
    return count;
}

}  // namespace

TEST_CASE("retry: work is repeated only when the error says that it may be, and not for ever", "[db]") {
    TestDatabase database(db::Dialect::sqlite, Schema::none);
    const auto runs = [&](const ErrorInfo& error, int failures, IfInDoubt if_in_doubt = IfInDoubt::stop) {
        return runs_of(database.database(), error, failures, if_in_doubt);
    };
    const ErrorInfo now{.code = ErrorCode::store_locked, .message = "a deadlock", .retry = Retry::now};
    CHECK(runs(now, 0) == 1);
    CHECK(runs(now, 1) == 2);
    CHECK(runs({.code = ErrorCode::store_locked, .message = "busy", .retry = Retry::later}, 1) == -1);
    CHECK(runs({.code = ErrorCode::constraint, .message = "taken"}, 1) == -1);
    const ErrorInfo doubt{.code = ErrorCode::store_unreachable, .message = "lost", .in_doubt = true};
    CHECK(runs(doubt, 1) == -1);
    CHECK(runs(doubt, 1, IfInDoubt::repeat) == 2);
}

TEST_CASE("retry: the log hears of every repeat, and of a database that was away and is back", "[db]") {
    TestDatabase database(db::Dialect::sqlite, Schema::none);
    Recorder log;
    database.database().report_to(&log);
    const ErrorInfo locked{.code = ErrorCode::store_locked, .message = "a deadlock", .retry = Retry::now};
    CHECK(runs_of(database.database(), locked, 1) == 2);
    CHECK(log.lines == std::vector<std::string>{"warning database_retry"});
    log.lines.clear();
    const ErrorInfo lost{.code = ErrorCode::store_unreachable, .message = "lost", .retry = Retry::now};
    CHECK(runs_of(database.database(), lost, 2) == 3);
    CHECK(log.lines == std::vector<std::string>{"warning database_lost", "warning database_retry",
                                                "warning database_retry", "warning database_regained"});
    log.lines.clear();
    CHECK(runs_of(database.database(), {.code = ErrorCode::constraint, .message = "taken"}, 1) == -1);
    CHECK(log.lines.empty());
}

TEST_CASE("retry: waits are twice as long each time, up to five seconds, and the patience in all", "[db]") {
    using Waits = std::vector<std::chrono::milliseconds>;
    CHECK(db::waits_between_tries(db::OpenOptions{}.patience) == Waits{200ms, 400ms, 800ms, 1600ms, 3000ms});
    CHECK(db::waits_between_tries(20s) == Waits{200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms, 3800ms});
    CHECK(db::waits_between_tries(100ms) == Waits{100ms});
    CHECK(db::waits_between_tries(0ms).empty());
}

TEST_CASE("retry: when the waits are used up the last error stands", "[db]") {
    const TemporaryFolder folder;
    const ErrorInfo now{.code = ErrorCode::store_locked, .message = "a deadlock", .retry = Retry::now};
    for (const auto patience : {0ms, 1ms, 250ms}) {
        const auto database = db::open_database("sqlite:" + (folder / "findme.db"), {.patience = patience});
        CHECK(runs_of(*database, now, 100) == -1 - std::ssize(db::waits_between_tries(patience)));
    }
}

TEST_CASE("retry: of two transactions in a deadlock both take place, one of them at the second attempt",
          "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        database.connect()->run_script(
            "CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item VALUES (1, 0), (2, 0)");
        std::barrier both_hold_one(2);
        std::atomic<int> runs{0};
        const auto add_to = [&](std::int64_t first, std::int64_t second) {
            bool is_first_run = true;
            run_retrying(database.database(), [&](Connection& connection) {
                ++runs;
                Transaction transaction(connection, Access::write);
                connection.run("SET LOCAL deadlock_timeout = '10ms'");
                connection.run("UPDATE item SET n = n + 1 WHERE id = $1", {first});
                if (is_first_run) both_hold_one.arrive_and_wait();
                is_first_run = false;
                connection.run("UPDATE item SET n = n + 1 WHERE id = $1", {second});
                transaction.commit();
            });
        };
        std::jthread other([&] { add_to(2, 1); });
        add_to(1, 2);
        other.join();
        CHECK(runs == 3);
        std::int64_t sum = 0;
        database.connect()->run("SELECT sum(n) FROM item", {}, [&](const Row& row) { sum = row.integer(0); });
        CHECK(sum == 4);
    }
}

TEST_CASE("retry: a reader's and a writer's serialization failure is repeated", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto other = database.connect();
        other->run_script("CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item VALUES (1, 0)");
        int runs = 0;
        run_retrying(database.database(), [&](Connection& connection) {
            connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
            std::int64_t n = 0;
            connection.run("SELECT n FROM item", {}, [&](const Row& row) { n = row.integer(0); });
            if (++runs == 1) other->run("UPDATE item SET n = n + 10");
            connection.run("UPDATE item SET n = $1", {n + 1});
            connection.run("COMMIT");
        });
        CHECK(runs == 2);
        std::int64_t n = 0;
        other->run("SELECT n FROM item", {}, [&](const Row& row) { n = row.integer(0); });
        CHECK(n == 11);
    }
}

TEST_CASE("retry: work whose session is terminated is done again, on a new one, and once", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto killer = database.connect();
        killer->run_script("CREATE TABLE item (id int)");
        int runs = 0;
        run_retrying(database.database(), [&](Connection& connection) {
            Transaction transaction(connection, Access::write);
            connection.run("INSERT INTO item VALUES (1)");
            std::int64_t process = 0;
            connection.run("SELECT pg_backend_pid()", {}, [&](const Row& row) { process = row.integer(0); });
            if (++runs < 3) killer->run("SELECT pg_terminate_backend($1, 10000)", {process});
            connection.run("INSERT INTO item VALUES (2)");
            transaction.commit();
        });
        CHECK(runs == 3);
        CHECK(count_items(*killer) == 2);
    }
}

TEST_CASE("retry: a commit in doubt is repeated only where twice is as good as once", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        database.connect()->run_script("CREATE TABLE item (id int PRIMARY KEY)");
        SeveringProxy proxy(database.url());
        const auto through = db::open_database(proxy.url(), {});
        int runs = 0;
        const auto work = [&](Connection& connection) {
            ++runs;
            Transaction transaction(connection, Access::write);
            connection.run("INSERT INTO item VALUES (1) ON CONFLICT DO NOTHING");
            transaction.commit();
        };
        proxy.sever_after("COMMIT");
        SECTION("not there") {
            CHECK_THROWS_AS(run_retrying(*through, work), Error);
            CHECK(runs == 1);
        }
        SECTION("there") {
            run_retrying(*through, work, IfInDoubt::repeat);
            CHECK(runs == 2);
        }
        CHECK(proxy.left() == 0);
        CHECK(count_items(*database.connect()) == 1);
    }
}
