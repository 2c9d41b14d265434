#include "db/postgresql_error.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "db/connection.hpp"
#include "support/test_database.hpp"

using namespace findme;
using db::to_error_info;
using testing::available_postgresql;
using testing::Schema;
using testing::TestDatabase;

namespace {

struct Expectation {
    const char* state;
    ErrorCode code;
    Retry retry;
};

ErrorInfo error_of(db::Connection& connection, const std::string& sql) {
    try {
        connection.run_script(sql);
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("no error was thrown");
    return {};
}

ErrorInfo violation(const std::string& says) {
    return to_error_info({.sqlstate = "23505", .says = says}, "postgresql://h/d");
}

}  // namespace

TEST_CASE("postgresql error: what passes is worth another try, what does not is not", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto connection = database.connect();
        for (const auto& [state, code, retry] : std::initializer_list<Expectation>{
                 {"40001", ErrorCode::store_locked, Retry::now},
                 {"40P01", ErrorCode::store_locked, Retry::now},
                 {"55P03", ErrorCode::store_locked, Retry::now},
                 {"08000", ErrorCode::store_unreachable, Retry::now},
                 {"08006", ErrorCode::store_unreachable, Retry::now},
                 {"57P01", ErrorCode::store_unreachable, Retry::now},
                 {"57P02", ErrorCode::store_unreachable, Retry::now},
                 {"57P03", ErrorCode::store_unreachable, Retry::now},
                 {"57P05", ErrorCode::store_unreachable, Retry::now},
                 {"25P03", ErrorCode::store_unreachable, Retry::now},
                 {"53300", ErrorCode::store_unreachable, Retry::now},
                 {"25006", ErrorCode::store_read_only, Retry::now},
                 {"57014", ErrorCode::store_unreachable, Retry::later},
                 {"22001", ErrorCode::internal, Retry::no},
                 {"22P02", ErrorCode::internal, Retry::no},
                 {"23505", ErrorCode::constraint, Retry::no},
                 {"23503", ErrorCode::constraint, Retry::no},
                 {"23502", ErrorCode::constraint, Retry::no},
                 {"23514", ErrorCode::constraint, Retry::no},
                 {"28000", ErrorCode::store_denied, Retry::no},
                 {"28P01", ErrorCode::store_denied, Retry::no},
                 {"42501", ErrorCode::store_denied, Retry::no},
                 {"42601", ErrorCode::internal, Retry::no},
                 {"42P01", ErrorCode::internal, Retry::no},
                 {"53100", ErrorCode::store_full, Retry::no},
                 {"XX001", ErrorCode::store_corrupt, Retry::no},
                 {"XX002", ErrorCode::store_corrupt, Retry::no},
                 {"P0001", ErrorCode::internal, Retry::no},
             }) {
            CAPTURE(state);
            const auto error =
                error_of(*connection, std::string("DO $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '") +
                                          state + "'; END$$");
            CHECK(error.code == code);
            CHECK(error.retry == retry);
            CHECK_FALSE(error.in_doubt);
            CHECK_THAT(error.message, !Catch::Contains("\n"));
            // The connection goes on: nothing of this was taken for a broken one.
            connection->run("SELECT 1");
        }
    }
}

TEST_CASE("postgresql error: what may have been done is in doubt, and not repeated", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto connection = database.connect();
        for (const std::string state : {"40003", "08007"}) {
            const auto error = error_of(
                *connection, "DO $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '" + state + "'; END$$");
            CHECK(error.in_doubt);
            CHECK(error.retry == Retry::no);
        }
    }
}

TEST_CASE("postgresql error: the values of a row are in no message", "[db][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect, Schema::none);
        const auto connection = database.connect();
        connection->run_script(
            "CREATE TABLE item (id int PRIMARY KEY, label varchar(20) NOT NULL,"
            " CONSTRAINT item_label_key UNIQUE (label), CONSTRAINT item_small CHECK (id < 10),"
            " parent int CONSTRAINT item_parent_fkey REFERENCES item (id));"
            "INSERT INTO item VALUES (1, 'hunter2')");
        const auto refused = [&](const std::string& values) {
            auto error = error_of(*connection, "INSERT INTO item VALUES (" + values + ")");
            CHECK_THAT(error.message, !Catch::Contains("hunter2") && !Catch::Contains("770077007"));
            return error;
        };
        CHECK(refused("2, 'hunter2'").subject == "item_label_key");
        CHECK(refused("770077007, 'a'").subject == "item_small");
        CHECK(refused("2, 'a', 770077007").subject == "item_parent_fkey");
        CHECK(refused("2, NULL").subject == "label");
        CHECK(refused("'hunter2', 'a'").code == ErrorCode::internal);
        CHECK(refused("2, 'hunter2hunter2hunter2hunter2'").code == ErrorCode::internal);
    }
}

TEST_CASE("postgresql error: a constraint is named whatever the language of the server", "[db]") {
    CHECK(violation("ERROR:  23505: duplicate key value violates unique constraint \"a_key\"\n"
                    "DETAIL:  Key (b)=(\"x\") already exists.\nSCHEMA NAME:  public\nTABLE NAME:  a\n"
                    "CONSTRAINT NAME:  users_email_key\nLOCATION:  _bt_check_unique, nbtinsert.c:666\n")
              .subject == "users_email_key");
    CHECK(violation("ERREUR:  23505: la valeur d'une cl\xC3\xA9 dupliqu\xC3\xA9"
                    "e rompt la contrainte unique \xC2\xAB\xC2\xA0users_email_key\xC2\xA0\xC2\xBB\n"
                    "D\xC3\x89TAIL:  La cl\xC3\xA9 \xC2\xAB (b)=(x) \xC2\xBB existe d\xC3\xA9j\xC3\xA0.\n")
              .subject == "users_email_key");
    CHECK(violation("FEHLER:  23505: doppelter Schl\xC3\xBCsselwert verletzt Unique-Constraint "
                    "\xC2\xBBusers_email_key\xC2\xAB\n")
              .subject == "users_email_key");
    CHECK(violation("duplicate key value violates unique constraint \"users_email_key\"").subject ==
          "users_email_key");
    CHECK(violation("").subject.empty());
    CHECK_THAT(violation("").message, Catch::Contains("a rule of the database"));
}

TEST_CASE("postgresql error: a failed connection says what to do about it", "[db]") {
    const auto info = [](const std::string& why) {
        return db::connect_error_info("connection to server at \"h\" (10.0.0.1), port 5432 failed: " + why,
                                      "postgresql://h/d");
    };
    CHECK(info("FATAL:  database \"d\" does not exist\n").code == ErrorCode::not_found);
    CHECK_THAT(info("FATAL:  database \"d\" does not exist\n").message, Catch::Contains("findme migrate"));
    for (const char* why :
         {"FATAL:  password authentication failed for user \"a\"\n", "fe_sendauth: no password supplied\n",
          "FATAL:  no pg_hba.conf entry for host \"10.0.0.2\", user \"a\", database \"d\", no encryption\n",
          "FATAL:  role \"a\" does not exist\n"}) {
        CHECK(info(why).code == ErrorCode::store_denied);
        CHECK(info(why).retry == Retry::no);
    }
    const auto untrusted =
        info("root certificate file \"/home/a/.postgresql/root.crt\" does not exist\nEither ...\n");
    CHECK(untrusted.code == ErrorCode::store_denied);
    CHECK_THAT(untrusted.message, Catch::Contains("~/.postgresql/root.crt") && Catch::Contains("sslmode"));
    for (const char* why :
         {"Connection refused\n\tIs the server running on that host?\n",
          "FATAL:  the database system is starting up\n", "FATAL:  sorry, too many clients already\n"}) {
        CHECK(info(why).code == ErrorCode::store_unreachable);
        CHECK(info(why).retry == Retry::now);
        CHECK_THAT(info(why).message, !Catch::Contains("\n"));
    }
}
