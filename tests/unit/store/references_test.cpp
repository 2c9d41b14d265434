// What refers to a table is read from the live schema.
#include "store/references.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/test_database.hpp"

using namespace findme;
using store::Reference;
using testing::available_databases;
using testing::TestDatabase;

namespace {

/// Names that want quoting, a rule of every kind, bytes, NULL.
constexpr const char* kOddTable =
    "CREATE TABLE \"odd \"\"one\"\"\" (id INTEGER PRIMARY KEY, \"the \"\"user\"\"\" INTEGER NOT NULL "
    "REFERENCES "
    "users (id), also INTEGER REFERENCES users (id) ON DELETE SET NULL, note TEXT, data @, token TEXT);";

std::string odd_table(db::Dialect dialect) {
    std::string sql = kOddTable;
    return sql.replace(sql.find('@'), 1, dialect == db::Dialect::sqlite ? "BLOB" : "BYTEA");
}

std::int64_t add_user(db::Connection& connection, const std::string& name) {
    std::int64_t id = 0;
    connection.run(
        "INSERT INTO users (username, email, hashed_password, user_type, is_active)"
        " VALUES ($1, $1, 'x', 'photographer', $2) RETURNING id",
        {name, std::int64_t{1}}, [&](const db::Row& row) { id = row.integer(0); });
    return id;
}

const Reference* find(const std::vector<Reference>& references, const std::string& table,
                      const std::string& column) {
    const auto found = std::find_if(references.begin(), references.end(), [&](const Reference& reference) {
        return reference.table == table && reference.column == column;
    });
    return found == references.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("references: every foreign key to accounts, events and photos says what becomes of its rows",
          "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    for (const auto* target : {"users", "events", "photos"}) {
        const auto references = store::references_to(*connection, target);
        CHECK(references.size() >= 5);
        for (const auto& reference : references) {
            INFO(reference.table << "." << reference.column << ": " << reference.on_delete);
            // NOT NULL cannot be set to it.
            CHECK(reference.on_delete == (reference.required ? "CASCADE" : reference.on_delete));
            CHECK((reference.on_delete == "CASCADE" || reference.on_delete == "SET NULL"));
        }
    }
}

TEST_CASE("references: they come in order, with rule and obligation", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    connection->run_script(odd_table(connection->dialect()));
    const auto references = store::references_to(*connection, "users");
    const bool sorted =
        std::is_sorted(references.begin(), references.end(), [](const auto& a, const auto& b) {
            return std::pair(a.table, a.column) < std::pair(b.table, b.column);
        });
    CHECK(sorted);
    const auto* odd = find(references, "odd \"one\"", "the \"user\"");
    REQUIRE(odd != nullptr);
    CHECK(odd->on_delete == "NO ACTION");
    CHECK(odd->required);
    const auto* also = find(references, "odd \"one\"", "also");
    REQUIRE(also != nullptr);
    CHECK(also->on_delete == "SET NULL");
    CHECK_FALSE(also->required);
    const auto* selfies = find(references, "selfies", "user_id");
    REQUIRE(selfies != nullptr);
    CHECK(selfies->on_delete == "CASCADE");
    CHECK(store::references_to(*connection, "selfies").empty());
    CHECK(store::references_to(*connection, "no such table").empty());
}

TEST_CASE("references: rows are counted and shown as JSON, secrets by name alone", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    connection->run_script(odd_table(connection->dialect()));
    const auto user = add_user(*connection, "marc");
    const auto other = add_user(*connection, "sonia");
    const auto add = [&](std::int64_t id, std::int64_t owner, const db::Value& note) {
        connection->run("INSERT INTO \"odd \"\"one\"\"\" VALUES ($1, $2, NULL, $3, $4, $5)",
                        {id, owner, note, db::Bytes{0x00, 0xFF, 0x10}, "fmr_secret"});
    };
    add(10, user, "a \"b\"\n\\ \xC3\xA9");
    add(9, user, {});
    add(8, other, {});
    const Reference reference{"odd \"one\"", "the \"user\"", "", true};
    CHECK(store::count_rows(*connection, reference, user) == 2);
    CHECK(store::count_rows(*connection, reference, 999) == 0);

    const std::vector<std::string> hidden{"token"};
    const std::string id = std::to_string(user);
    const auto row = [&](const std::string& number, const std::string& note) {
        return "{\"id\":" + number + ",\"the \\\"user\\\"\":" + id + ",\"also\":null,\"note\":" + note +
               ",\"data\":\"00ff10\",\"token\":\"(not shown)\"}";
    };
    CHECK(store::rows_as_json(*connection, reference.table, reference.column, user, hidden) ==
          "[" + row("9", "null") + "," + row("10", "\"a \\\"b\\\"\\n\\\\ \xC3\xA9\"") + "]");
    CHECK(store::rows_as_json(*connection, reference.table, reference.column, 999, hidden) == "[]");
}

TEST_CASE("references: times, truths and numbers are JSON of their kind", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    const auto user = add_user(*connection, "marc");
    connection->run("UPDATE users SET created_at = $2 WHERE id = $1", {user, "2026-06-20T12:00:00.007Z"});
    const auto json = store::rows_as_json(*connection, "users", "id", user, {});
    CHECK(json.find("\"created_at\":\"2026-06-20T12:00:00.007Z\"") != std::string::npos);
    CHECK(json.find("\"failed_logins\":0") != std::string::npos);
    const bool truth = connection->dialect() == db::Dialect::postgresql;
    CHECK(json.find(truth ? "\"is_active\":true" : "\"is_active\":1") != std::string::npos);
}
