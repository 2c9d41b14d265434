// What doctor knows of tables by name is what the migrations make: the next table cannot be forgotten.
#include "store/doctor_server.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "store/schema_history.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::available_postgresql;
using testing::TestDatabase;

namespace {

using Names = std::set<std::string>;

Names every_table(db::Connection& connection) {
    const auto tables = store::table_names(connection);
    return {tables.begin(), tables.end()};
}

/// A role that may look at the schema and do nothing in it, for the rest of the connection.
class Nobody {
  public:
    explicit Nobody(db::Connection& connection) : connection_(connection) {
        connection_.run("CREATE ROLE findme_test_nobody");
        connection_.run("SET ROLE findme_test_nobody");
    }
    Nobody(const Nobody&) = delete;
    Nobody& operator=(const Nobody&) = delete;
    ~Nobody() {
        connection_.run("RESET ROLE");
        connection_.run("DROP ROLE findme_test_nobody");
    }

  private:
    db::Connection& connection_;
};

/// Of `DELETE on faces`, the word behind ` on `, for those that begin as wanted.
Names behind_on(const std::vector<std::string>& missing, const std::string& beginning) {
    Names names;
    for (const std::string& text : missing) {
        const auto on = text.find(" on ");
        if (on != std::string::npos && text.starts_with(beginning)) names.insert(text.substr(on + 4));
    }
    return names;
}

}  // namespace

TEST_CASE("doctor: privileges are asked for on every table of the migrations, and on every sequence",
          "[store][postgres]") {
    const auto servers = available_postgresql();
    if (servers.empty()) return;
    TestDatabase database(servers.front());
    const auto connection = database.connect();
    Names sequences;
    connection->run("SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema()", {},
                    [&](const db::Row& row) { sequences.insert(row.text(0)); });
    REQUIRE(sequences.size() >= 10);
    const Names tables = every_table(*connection);
    const Nobody nobody(*connection);
    const auto missing = store::missing_privileges(*connection);
    CHECK(behind_on(missing, "SELECT on") == tables);
    CHECK(behind_on(missing, "USAGE on") == sequences);
    // The history is for reading, the audit is only added to; whatever else there is, rows come and go in.
    Names changed = tables;
    for (const char* kept : {"findme_schema_history", "audit_log", "audit_head"}) changed.erase(kept);
    CHECK(behind_on(missing, "DELETE on") == changed);
    CHECK(behind_on(missing, "INSERT on").contains("audit_log"));
}

TEST_CASE("doctor: every sequence that gives ids is compared with its table", "[store][postgres]") {
    const auto servers = available_postgresql();
    if (servers.empty()) return;
    TestDatabase database(servers.front());
    const auto connection = database.connect();
    Names with_sequence;
    for (const std::string& table : every_table(*connection)) {
        connection->run(
            "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = "
            "$1"
            " AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL",
            {table}, [&](const db::Row&) { with_sequence.insert(table); });
    }
    const auto counted = store::counted_tables();
    CHECK(Names(counted.begin(), counted.end()) == with_sequence);
}
