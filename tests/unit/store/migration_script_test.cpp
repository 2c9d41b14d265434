#include "store/migration_script.hpp"

#include <catch2/catch.hpp>

#include "findme/error.hpp"

using namespace findme;
using store::parse_migration_script;

namespace {

ErrorInfo refusal(const std::string& sql) {
    try {
        (void)parse_migration_script(sql, "0007_x.up.sql");
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("the script was taken");
    return {};
}

}  // namespace

TEST_CASE("migration script: without directives it is one transactional piece, byte for byte", "[store]") {
    const std::string sql = "-- Why.\n\nCREATE TABLE a (b TEXT);  \nCREATE INDEX c ON a (b);";
    const auto script = parse_migration_script(sql, "x");
    CHECK(script.transactional);
    REQUIRE(script.pieces.size() == 1);
    CHECK(script.pieces.front().sql == sql);
    CHECK_FALSE(script.pieces.front().repeat);
}

TEST_CASE("migration script: pieces keep their comments and what is said of them", "[store]") {
    const auto script = parse_migration_script(
        "-- findme: no-transaction\n-- Not sent.\n-- findme: piece\n-- Why.\nALTER TABLE a ADD b TEXT;\n"
        "-- findme: piece index a_b_key\nCREATE UNIQUE INDEX CONCURRENTLY a_b_key ON a (b);\n"
        "-- findme: piece repeat\nUPDATE a SET b = '' WHERE b IS NULL;\n",
        "x");
    CHECK_FALSE(script.transactional);
    REQUIRE(script.pieces.size() == 3);
    CHECK(script.pieces[0].sql == "-- findme: piece\n-- Why.\nALTER TABLE a ADD b TEXT;\n");
    CHECK(script.pieces[0].index.empty());
    CHECK(script.pieces[1].index == "a_b_key");
    CHECK(script.pieces[2].repeat);
    CHECK(store::offline_sql(script.pieces[1]) ==
          "-- findme: piece index a_b_key\nCREATE UNIQUE INDEX a_b_key ON a (b);\n");
    CHECK(store::offline_sql(script.pieces[2]) == script.pieces[2].sql);
}

TEST_CASE("migration script: what a down file destroys is listed", "[store]") {
    const auto script = parse_migration_script(
        "-- findme: destroys table faces\n-- findme: destroys column photos.content_hash\nDROP TABLE "
        "faces;\n",
        "x");
    CHECK(script.destroys == std::vector<std::string>{"table faces", "column photos.content_hash"});
}

TEST_CASE("migration script: a directive that means nothing is refused with file and line", "[store]") {
    CHECK_THAT(
        refusal("SELECT 1;\n-- findme: notransaction\n").message,
        Catch::Contains("0007_x.up.sql") && Catch::Contains("line 2") && Catch::Contains("notransaction"));
    for (const char* sql : {
             "SELECT 1;\n-- findme: no-transaction\n",
             "-- findme: piece\nSELECT 1;\n",
             "-- findme: no-transaction\nSELECT 1;\n",
             "-- findme: no-transaction\n-- findme: piece index\nSELECT 1;\n",
             "-- findme: no-transaction\n-- findme: piece index A;B\nSELECT 1;\n",
             "-- findme: no-transaction\n-- findme: piece often\nSELECT 1;\n",
             "-- findme: no-transaction\n-- findme: piece repeat twice\nSELECT 1;\n",
             "-- findme: destroys everything\n",
             "-- findme: destroys table a.b\n",
             "-- findme: destroys column a\n",
             "-- findme: destroys column a.b;DROP\n",
         }) {
        CAPTURE(sql);
        const auto error = refusal(sql);
        CHECK(error.code == ErrorCode::config_invalid);
        CHECK(error.subject == "0007_x.up.sql");
    }
}
