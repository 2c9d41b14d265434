// What every db::Connection promises, whichever database is behind it.
#include <atomic>
#include <catch2/catch.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "findme/error.hpp"
#include "support/test_database.hpp"

using namespace findme;
using db::Access;
using db::Bytes;
using db::Row;
using db::Transaction;
using db::Value;
using testing::available_databases;
using testing::Schema;
using testing::TestDatabase;

namespace {

/// A table of every kind, in type names that all dialects understand.
constexpr auto kTable =
    "CREATE TABLE item (id BIGINT PRIMARY KEY, label TEXT, size DOUBLE PRECISION, body BYTEA);"
    "CREATE UNIQUE INDEX item_label_key ON item (label);"
    "CREATE TABLE part (id BIGINT PRIMARY KEY, item_id BIGINT NOT NULL REFERENCES item (id)"
    " DEFERRABLE INITIALLY DEFERRED);";

std::int64_t count_items(db::Connection& connection) {
    std::int64_t count = -1;
    connection.run("SELECT count(*) FROM item", {}, [&](const Row& row) { count = row.integer(0); });
    return count;
}

ErrorInfo error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("no error was thrown");
    return {};
}

}  // namespace

TEST_CASE("connection: values of every kind come back as they went in", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);

    const std::string label = "'; DROP TABLE item; -- \" \\ % $1 \xC3\xA9";
    const Bytes body = {0, 1, 0xFF, 0, '\'', 0};
    connection->run("INSERT INTO item (id, label, size, body) VALUES ($1, $2, $3, $4)",
                    {std::numeric_limits<std::int64_t>::min(), label, 0.1, body});
    connection->run("INSERT INTO item (id, label, size, body) VALUES ($1, $2, $3, $4)",
                    {std::numeric_limits<std::int64_t>::max(), std::string(), -1e300, Bytes{}});
    connection->run("INSERT INTO item (id, label, size, body) VALUES ($1, $2, $3, $4)",
                    {0, Value{}, Value{}, Value{}});

    int rows = 0;
    connection->run("SELECT id, label, size, body FROM item ORDER BY id", {}, [&](const Row& row) {
        const auto bytes = [&] { return Bytes(row.bytes(3).begin(), row.bytes(3).end()); };
        switch (rows++) {
            case 0:
                CHECK(row.integer(0) == std::numeric_limits<std::int64_t>::min());
                CHECK(row.text(1) == label);
                CHECK(row.real(2) == 0.1);
                CHECK(bytes() == body);
                break;
            case 1:
                for (int column = 0; column < 4; ++column) CHECK(row.is_null(column) == (column > 0));
                break;
            default:
                CHECK(row.integer(0) == std::numeric_limits<std::int64_t>::max());
                CHECK(row.text(1).empty());
                CHECK(row.real(2) == -1e300);
                CHECK_FALSE(row.is_null(3));
                CHECK(bytes().empty());
        }
    });
    CHECK(rows == 3);
}

TEST_CASE("connection: placeholders are bound by number, in any order and more than once", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    connection->run("INSERT INTO item (label, id) VALUES ($2, $1)", {1, "two"});
    std::vector<std::string> labels;
    connection->run("SELECT label FROM item WHERE label = $2 AND id = $1 AND label = $2", {1, "two"},
                    [&](const Row& row) { labels.push_back(row.text(0)); });
    CHECK(labels == std::vector<std::string>{"two"});
    // The eleventh placeholder is not the first one followed by a 1.
    connection->run(
        "SELECT id FROM item WHERE id IN ($11, $10, $9, $8, $7, $6, $5, $4, $3, $2) AND label <> $1",
        {"none", 9, 9, 9, 9, 9, 9, 9, 9, 9, 1},
        [&](const Row& row) { labels.push_back(std::to_string(row.integer(0))); });
    CHECK(labels == std::vector<std::string>{"two", "1"});
}

TEST_CASE("connection: the wrong number of values is a bug, not a guess", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    const auto insert = "INSERT INTO item (id, label) VALUES ($1, $2)";
    CHECK(error_of([&] { connection->run(insert, {1}); }).code == ErrorCode::internal);
    CHECK(error_of([&] { connection->run(insert, {1, "a", "b"}); }).code == ErrorCode::internal);
    CHECK(count_items(*connection) == 0);
}

TEST_CASE("connection: one run takes one statement", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    CHECK(error_of([&] { connection->run("DELETE FROM item; DROP TABLE item"); }).code ==
          ErrorCode::internal);
    CHECK(count_items(*connection) == 0);
}

TEST_CASE("connection: a getter refuses NULL and another kind", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    connection->run("INSERT INTO item (id, label) VALUES ($1, $2)", {1, "a"});
    int rows = 0;
    connection->run("SELECT id, label, size, body FROM item", {}, [&](const Row& row) {
        ++rows;
        CHECK(error_of([&] { (void)row.text(0); }).code == ErrorCode::internal);
        CHECK(error_of([&] { (void)row.integer(1); }).code == ErrorCode::internal);
        CHECK(error_of([&] { (void)row.real(2); }).code == ErrorCode::internal);
        CHECK(error_of([&] { (void)row.bytes(3); }).code == ErrorCode::internal);
    });
    CHECK(rows == 1);
}

TEST_CASE("connection: run says how many rows it changed", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    CHECK(connection->run("INSERT INTO item (id) VALUES ($1), ($2), ($3)", {1, 2, 3}) == 3);
    CHECK(connection->run("SELECT id FROM item") == 0);
    CHECK(connection->run("UPDATE item SET size = $1 WHERE id > $2", {1.5, 1}) == 2);
    CHECK(connection->run("UPDATE item SET size = $1 WHERE id > $2", {1.5, 9}) == 0);
    CHECK(connection->run("CREATE TABLE other (id BIGINT)") == 0);
    std::vector<std::int64_t> ids;
    CHECK(connection->run("INSERT INTO item (id) VALUES ($1), ($2) RETURNING id", {4, 5},
                          [&](const Row& row) { ids.push_back(row.integer(0)); }) == 2);
    CHECK(ids == std::vector<std::int64_t>{4, 5});
    CHECK(connection->run("DELETE FROM item") == 5);
}

TEST_CASE("connection: a visitor may run the same statement again", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    connection->run("INSERT INTO item (id) VALUES ($1), ($2)", {1, 2});
    const auto select = "SELECT id FROM item WHERE id >= $1 ORDER BY id";
    std::vector<std::int64_t> ids;
    connection->run(select, {1}, [&](const Row& outer) {
        connection->run(select, {2},
                        [&](const Row& inner) { ids.push_back(10 * outer.integer(0) + inner.integer(0)); });
    });
    CHECK(ids == std::vector<std::int64_t>{12, 22});
}

TEST_CASE("connection: a visitor that throws leaves the connection fit for use", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    connection->run("INSERT INTO item (id) VALUES ($1), ($2)", {1, 2});
    const auto select = "SELECT id FROM item";
    CHECK_THROWS_AS(connection->run(select, {}, [](const Row&) { throw std::runtime_error("enough"); }),
                    std::runtime_error);
    int rows = 0;
    connection->run(select, {}, [&](const Row&) { ++rows; });
    CHECK(rows == 2);
    connection->run_script("DROP TABLE part; DROP TABLE item;");
}

TEST_CASE("connection: a kept statement survives a change of the schema", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    CHECK(count_items(*connection) == 0);
    connection->run_script("DROP TABLE part; DROP TABLE item;");
    CHECK_THROWS_AS(count_items(*connection), Error);
    connection->run_script(kTable);
    CHECK(count_items(*connection) == 0);
}

TEST_CASE("connection: a constraint names itself or its columns", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    connection->run("INSERT INTO item (id, label) VALUES ($1, $2)", {1, "a"});

    const auto columns = error_of([&] {
        connection->run("INSERT INTO item (id, label) VALUES ($1, $2)", {2, "a"});
    });
    CHECK(columns.code == ErrorCode::constraint);
    CHECK_THAT(columns.subject, Catch::Contains("label"));
    CHECK(columns.retry == Retry::no);

    connection->run_script("CREATE UNIQUE INDEX item_folded_key ON item (lower(label), coalesce(size, -1))");
    const auto index = error_of([&] {
        connection->run("INSERT INTO item (id, label) VALUES ($1, $2)", {2, "A"});
    });
    CHECK(index.code == ErrorCode::constraint);
    CHECK(index.subject == "item_folded_key");
}

TEST_CASE("connection: an orphan is refused, at the latest by the commit, which then keeps nothing", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    CHECK(error_of([&] {
              connection->run("INSERT INTO part (id, item_id) VALUES ($1, $2)", {1, 77});
          }).code == ErrorCode::constraint);

    Transaction transaction(*connection, Access::write);
    connection->run("INSERT INTO item (id) VALUES ($1)", {1});
    connection->run("INSERT INTO part (id, item_id) VALUES ($1, $2)", {1, 77});
    CHECK(error_of([&] { transaction.commit(); }).code == ErrorCode::constraint);
    CHECK(count_items(*connection) == 0);
    Transaction next(*connection, Access::write);
    next.commit();
}

TEST_CASE("transaction: it is undone unless it is committed", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script(kTable);
    {
        Transaction transaction(*connection, Access::write);
        connection->run("INSERT INTO item (id) VALUES ($1)", {1});
    }
    CHECK(count_items(*connection) == 0);
    {
        Transaction transaction(*connection, Access::write);
        connection->run("INSERT INTO item (id) VALUES ($1)", {1});
        transaction.commit();
    }
    CHECK(count_items(*connection) == 1);
}

TEST_CASE("transaction: one that reads sees one state, whatever others commit", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto writer = database.connect();
    writer->run_script(kTable);
    const auto reader = database.connect();
    Transaction transaction(*reader, Access::read);
    CHECK(count_items(*reader) == 0);
    writer->run("INSERT INTO item (id) VALUES ($1)", {1});
    CHECK(count_items(*reader) == 0);
    transaction.commit();
    CHECK(count_items(*reader) == 1);
}

TEST_CASE("database: a connection given back with a transaction open comes back clean", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    database.connect()->run_script(kTable);
    {
        const auto dirty = database.connect();
        dirty->run("BEGIN");
        dirty->run("INSERT INTO item (id) VALUES ($1)", {1});
    }
    const auto connection = database.connect();
    CHECK(count_items(*connection) == 0);
    Transaction transaction(*connection, Access::write);
    transaction.commit();
}

TEST_CASE("database: connections may outlive it", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    database.close();
    connection->run_script(kTable);
    CHECK(count_items(*connection) == 0);
}

TEST_CASE("lock: one name is held once over all connections, other names are free", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto first = database.connect();
    const auto second = db::open_database(database.url(), {})->connect();
    auto lock = first->try_lock("migrate");
    REQUIRE(lock);
    CHECK_FALSE(second->try_lock("migrate"));
    CHECK(second->try_lock("purge"));
    // It is no lock on the data.
    second->run_script(kTable);
    lock.reset();
    const auto next = second->try_lock("migrate");
    CHECK(next);
    CHECK_FALSE(first->try_lock("migrate"));
}

TEST_CASE("lock: those who share a name hold it together, and keep out who wants it alone", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto first = database.connect();
    const auto second = db::open_database(database.url(), {})->connect();
    auto one = first->try_shared_lock("index-1");
    auto other = second->try_shared_lock("index-1");
    REQUIRE(one);
    REQUIRE(other);
    const auto third = db::open_database(database.url(), {})->connect();
    CHECK_FALSE(third->try_lock("index-1"));
    one.reset();
    CHECK_FALSE(third->try_lock("index-1"));
    CHECK(third->try_shared_lock("index-1"));
    other.reset();
    const auto alone = third->try_lock("index-1");
    CHECK(alone);
    CHECK_FALSE(first->try_shared_lock("index-1"));
}

TEST_CASE("lock: of many who ask at once one at a time has it", "[db]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    std::atomic<int> inside{0};
    std::atomic<int> taken{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            const auto connection = database.connect();
            for (int turn = 0; turn < 50;) {
                const auto lock = connection->try_lock("turn");
                if (!lock) continue;
                if (inside++ == 0) ++taken;
                --inside;
                ++turn;
            }
        });
    }
    threads.clear();
    CHECK(taken == 200);
}
