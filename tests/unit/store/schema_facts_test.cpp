#include "store/schema_facts.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "findme/error.hpp"
#include "store/schema_history.hpp"
#include "support/test_database.hpp"

using namespace findme;
using db::Dialect;
using store::compare_schemas;
using store::embedded_migrations;
using store::expected_schema;
using store::read_schema;
using testing::available_databases;
using testing::available_postgresql;
using testing::Schema;
using testing::TestDatabase;
using Kind = SchemaDifference::Kind;

namespace {

std::vector<SchemaDifference> differences(db::Connection& connection) {
    const auto steps = embedded_migrations(connection.dialect());
    return compare_schemas(expected_schema(connection, steps, std::ssize(steps)), read_schema(connection));
}

SchemaDifference only_difference(db::Connection& connection) {
    const auto found = differences(connection);
    for (const auto& difference : found)
        UNSCOPED_INFO(to_string(difference.kind) << " " << difference.object);
    REQUIRE(found.size() == 1);
    return found.front();
}

/// Sets right what can be set right, as `repair` does.
void repair(db::Connection& connection) {
    const auto steps = embedded_migrations(connection.dialect());
    const auto expected = expected_schema(connection, steps, std::ssize(steps));
    for (const auto& difference : differences(connection)) {
        if (!difference.repairable) continue;
        for (const auto& sql : expected.at(difference.object).create_sql) connection.run_script(sql);
    }
}

/// SQLite alters no constraint: its note of the table's making is changed instead, as a careless hand would.
void edit_sqlite_table(db::Connection& connection, const std::string& table, const std::string& from,
                       const std::string& to) {
    connection.run_script("PRAGMA writable_schema=ON;");
    const auto edited = connection.run(
        "UPDATE sqlite_schema SET sql = replace(sql, $2, $3) WHERE name = $1 AND instr(sql, $2) > 0",
        {table, from, to});
    connection.run_script("PRAGMA writable_schema=RESET;");
    REQUIRE(edited == 1);
}

std::int64_t count(db::Connection& connection, const std::string& sql) {
    std::int64_t rows = -1;
    connection.run(sql, {}, [&](const db::Row& row) { rows = row.integer(0); });
    return rows;
}

constexpr auto kAddUsersOfOneAddress =
    "INSERT INTO users (username, email, hashed_password) VALUES ('a', 'lea@example.org', 'x'), ('b', "
    "'LEA@example.org', 'x');";

}  // namespace

TEST_CASE("schema facts: a freshly migrated database has no differences", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    const auto facts = read_schema(*connection);
    CHECK(facts.size() > 100);
    CHECK(facts.contains("table users"));
    CHECK(facts.contains("column faces.box_x"));
    CHECK(facts.contains("index users_email_event_unique"));
    CHECK(facts.contains("constraint users.users_event_id_fkey"));
    CHECK(facts.contains("constraint users.users_user_type_check"));
    CHECK(facts.contains("constraint photo_models.photo_models_pkey"));
    CHECK_FALSE(facts.contains("table findme_schema_history"));
    const auto found = differences(*connection);
    for (const auto& difference : found)
        UNSCOPED_INFO(difference.object << ": " << difference.expected << " / " << difference.found);
    CHECK(found.empty());
}

TEST_CASE("schema facts: what is expected of an earlier step is what it makes", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    const auto steps = embedded_migrations(connection->dialect());
    CHECK(expected_schema(*connection, steps, 0).empty());
    const auto base = expected_schema(*connection, steps, 1);
    CHECK(base.contains("index users_email_key"));
    CHECK_FALSE(base.contains("column users.event_id"));
    const auto third = expected_schema(*connection, steps, 3);
    CHECK_FALSE(third.contains("index users_email_key"));
    CHECK(third.contains("column users.event_id"));
    CHECK_FALSE(third.contains("table faces"));
}

TEST_CASE("schema facts: finding out what is expected leaves nothing behind", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    connection->run_script("CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (7);");
    const auto steps = embedded_migrations(connection->dialect());
    CHECK(expected_schema(*connection, steps, std::ssize(steps)).contains("table faces"));
    CHECK(store::table_names(*connection) == std::vector<std::string>{"users"});
    CHECK(count(*connection, "SELECT id FROM users") == 7);
    if (connection->dialect() == Dialect::postgresql) {
        CHECK(count(*connection, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'findme%'") == 0);
    }
    db::Transaction transaction(*connection, db::Access::write);  // None is left open.
    transaction.commit();
}

TEST_CASE("schema facts: a dropped index is noticed, and can be made again", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    connection->run_script("DROP INDEX photos_event_id_content_hash_key;");
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::missing);
    CHECK(difference.object == "index photos_event_id_content_hash_key");
    CHECK(difference.expected.find("WHERE") != std::string::npos);
    CHECK(difference.repairable);
    repair(*connection);
    CHECK(differences(*connection).empty());
}

TEST_CASE("schema facts: an index of the same name over other columns is noticed, and can be set right",
          "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    connection->run_script(
        "DROP INDEX users_email_event_unique; CREATE INDEX users_email_event_unique ON users (email);");
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::changed);
    CHECK(difference.object == "index users_email_event_unique");
    CHECK(difference.repairable);
    repair(*connection);
    CHECK(differences(*connection).empty());
}

TEST_CASE("schema facts: an added column is noticed, and stays", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    connection->run_script("ALTER TABLE users ADD COLUMN nickname TEXT;");
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::extra);
    CHECK(difference.object == "column users.nickname");
    CHECK_FALSE(difference.found.empty());
    CHECK_FALSE(difference.repairable);
}

TEST_CASE("schema facts: a dropped column is noticed, and nothing pretends to bring it back", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    connection->run_script("ALTER TABLE photos DROP COLUMN error_code;");
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::missing);
    CHECK(difference.object == "column photos.error_code");
    CHECK_FALSE(difference.repairable);
}

TEST_CASE("schema facts: a changed default is noticed", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    const bool sqlite = connection->dialect() == Dialect::sqlite;
    if (sqlite) {
        edit_sqlite_table(*connection, "users", "session_version INTEGER NOT NULL DEFAULT 0",
                          "session_version INTEGER NOT NULL DEFAULT 30");
    } else {
        connection->run_script("ALTER TABLE users ALTER COLUMN session_version SET DEFAULT 30;");
    }
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::changed);
    CHECK(difference.object == "column users.session_version");
    CHECK(difference.expected.ends_with("default 0"));
    CHECK(difference.found.ends_with("default 30"));
    CHECK(difference.repairable == !sqlite);
    repair(*connection);
    CHECK(differences(*connection).empty() == !sqlite);
}

TEST_CASE("schema facts: a default that went, one that came and one of a text can be set right",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect);
        const auto connection = database.connect();
        connection->run_script(
            "ALTER TABLE events ALTER COLUMN created_at DROP DEFAULT;"
            "ALTER TABLE events ALTER COLUMN name SET DEFAULT 'a'';b';"
            "ALTER TABLE users ALTER COLUMN user_type SET DEFAULT 'admin';");
        CHECK(differences(*connection).size() == 3);
        repair(*connection);
        CHECK(differences(*connection).empty());
    }
}

TEST_CASE("schema facts: another type or NULL where none was is noticed, and not called repairable",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect);
        const auto connection = database.connect();
        connection->run_script(
            "ALTER TABLE users ALTER COLUMN session_version DROP NOT NULL;"
            "ALTER TABLE photos ALTER COLUMN width_px TYPE BIGINT;"
            "ALTER TABLE faces ALTER COLUMN id DROP IDENTITY;");
        const auto found = differences(*connection);
        REQUIRE(found.size() == 3);
        for (const auto& difference : found) {
            CHECK(difference.kind == Kind::changed);
            CHECK_FALSE(difference.repairable);
        }
    }
}

TEST_CASE("schema facts: a changed ON DELETE is noticed", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    const bool sqlite = connection->dialect() == Dialect::sqlite;
    if (sqlite) {
        edit_sqlite_table(*connection, "password_reset_tokens", "ON DELETE CASCADE", "ON DELETE RESTRICT");
    } else {
        connection->run_script(
            "ALTER TABLE password_reset_tokens DROP CONSTRAINT password_reset_tokens_user_id_fkey,"
            " ADD CONSTRAINT password_reset_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) "
            "ON "
            "DELETE RESTRICT;");
    }
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::changed);
    CHECK(difference.object == "constraint password_reset_tokens.password_reset_tokens_user_id_fkey");
    CHECK(difference.expected.ends_with("ON DELETE CASCADE"));
    CHECK(difference.found.ends_with("ON DELETE RESTRICT"));
    CHECK(difference.repairable == !sqlite);
    repair(*connection);
    CHECK(differences(*connection).empty() == !sqlite);
}

TEST_CASE("schema facts: a dropped foreign key is noticed", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    const bool sqlite = connection->dialect() == Dialect::sqlite;
    if (sqlite) {
        edit_sqlite_table(*connection, "user_events",
                          "user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE",
                          "user_id INTEGER NOT NULL");
    } else {
        connection->run_script("ALTER TABLE user_events DROP CONSTRAINT user_events_user_id_fkey;");
    }
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::missing);
    CHECK(difference.object == "constraint user_events.user_events_user_id_fkey");
    repair(*connection);
    CHECK(differences(*connection).empty() == !sqlite);
}

TEST_CASE("schema facts: a foreign key that was never checked is not the one that was", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect);
        const auto connection = database.connect();
        connection->run_script(
            "ALTER TABLE user_events DROP CONSTRAINT user_events_user_id_fkey,"
            " ADD CONSTRAINT user_events_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) NOT "
            "VALID;");
        CHECK(only_difference(*connection).found.ends_with("NOT VALID"));
        repair(*connection);
        CHECK(differences(*connection).empty());
    }
}

TEST_CASE("schema facts: a dropped check is noticed", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    const bool sqlite = connection->dialect() == Dialect::sqlite;
    if (sqlite) {
        edit_sqlite_table(*connection, "face_matches", " CHECK (confidence_score BETWEEN 0 AND 100)", "");
    } else {
        connection->run_script(
            "ALTER TABLE face_matches DROP CONSTRAINT face_matches_confidence_score_check;");
    }
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::missing);
    CHECK(difference.object == "constraint face_matches.face_matches_confidence_score_check");
    repair(*connection);
    CHECK(differences(*connection).empty() == !sqlite);
}

TEST_CASE("schema facts: an edited check of SQLite is noticed, another comment is none", "[store]") {
    TestDatabase database(Dialect::sqlite);
    const auto connection = database.connect();
    edit_sqlite_table(*connection, "faces", "whose run found it", "whose, (or which) run's");
    CHECK(differences(*connection).empty());
    edit_sqlite_table(*connection, "users", "'photographer', 'admin'", "'photographer',  'adm)in'");
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::changed);
    CHECK(difference.found == "CHECK (user_type IN ('user', 'photographer', 'adm)in'))");
}

TEST_CASE("schema facts: what switches a rule off is noticed", "[store][postgres]") {
    const std::vector<std::array<std::string, 3>> drifts = {
        {"ALTER TABLE password_reset_tokens DISABLE TRIGGER ALL;",
         "constraint password_reset_tokens.password_reset_tokens_user_id_fkey", "CASCADE DISABLED"},
        {"ALTER TABLE users ENABLE ROW LEVEL SECURITY;", "table users", "with row level security"},
        {"ALTER TABLE users FORCE ROW LEVEL SECURITY;", "table users", "forced upon its owner"},
        {"ALTER TABLE face_templates SET UNLOGGED;", "table face_templates", "unlogged table"},
        {"CREATE RULE nobody AS ON INSERT TO users DO INSTEAD NOTHING;", "rule users.nobody", "NOTHING;"},
        {"ALTER SEQUENCE users_id_seq CYCLE;", "column users.id", "to 2147483647 by 1 and again"},
        {"ALTER SEQUENCE users_id_seq INCREMENT BY 2;", "column users.id", "from 1 to 2147483647 by 2"},
        {"ALTER SEQUENCE users_id_seq MINVALUE 0;", "column users.id", "from 0 to 2147483647 by 1"},
        {"ALTER SEQUENCE faces_id_seq MAXVALUE 2147483647;", "column faces.id", "from 1 to 2147483647 by 1"},
        {"ALTER TABLE photos ALTER COLUMN filename TYPE VARCHAR COLLATE \"C\";", "column photos.filename",
         "character varying collate C not null"},
    };
    for (const auto dialect : available_postgresql()) {
        for (const auto& [sql, object, found_end] : drifts) {
            TestDatabase database(dialect);
            const auto connection = database.connect();
            connection->run_script(sql);
            INFO(sql);
            const auto difference = only_difference(*connection);
            CHECK(difference.object == object);
            CHECK_THAT(difference.found, Catch::EndsWith(found_end));
            CHECK(difference.repairable == object.starts_with("constraint"));
            repair(*connection);
            CHECK(differences(*connection).empty() == difference.repairable);
        }
    }
}

TEST_CASE("schema facts: what SQLite compares in another way is noticed", "[store]") {
    TestDatabase database(Dialect::sqlite);
    const auto connection = database.connect();
    edit_sqlite_table(*connection, "users", "email TEXT NOT NULL", "email TEXT NOT NULL Collate 'NoCase'");
    edit_sqlite_table(*connection, "events", "name TEXT NOT NULL", "name TEXT NOT NULL /* collate nocase */");
    const auto difference = only_difference(*connection);
    CHECK(difference.object == "column users.email");
    CHECK(difference.found == "TEXT collate nocase not null");
    CHECK_FALSE(difference.repairable);
}

TEST_CASE("schema facts: an index that rows keep from being exchanged stays as it was", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect);
        const auto connection = database.connect();
        connection->run_script("DROP INDEX users_email_lower_event_key;");
        connection->run_script("CREATE INDEX users_email_lower_event_key ON users (lower(email), event_id);");
        connection->run_script(kAddUsersOfOneAddress);
        const std::string before = only_difference(*connection).found;
        for (int again = 0; again < 2; ++again) {  // What the first left INVALID is not in the second's way.
            CHECK_THROWS_AS(repair(*connection), Error);
            CHECK(only_difference(*connection).found == before);
        }
        connection->run_script("DELETE FROM users;");
        repair(*connection);
        CHECK(differences(*connection).empty());
        CHECK(count(*connection, "SELECT count(*) FROM pg_class WHERE relname LIKE 'findme_repair%'") == 0);
    }
}

TEST_CASE("schema facts: an INVALID index is missing, and named as what it is", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect);
        const auto connection = database.connect();
        CHECK(store::invalid_indexes(*connection).empty());
        connection->run_script("DROP INDEX users_email_lower_event_key;");
        connection->run_script(kAddUsersOfOneAddress);
        CHECK_THROWS_AS(
            connection->run_script("CREATE UNIQUE INDEX CONCURRENTLY users_email_lower_event_key ON users "
                                   "(lower(email), coalesce(event_id, -1));"),
            Error);
        const std::vector<std::string> half_made = {"users_email_lower_event_key"};
        CHECK(store::invalid_indexes(*connection) == half_made);
        const auto difference = only_difference(*connection);
        CHECK(difference.kind == Kind::missing);
        CHECK(difference.object == "index users_email_lower_event_key");
        connection->run_script("DELETE FROM users;");
        repair(*connection);
        CHECK(store::invalid_indexes(*connection).empty());
        CHECK(differences(*connection).empty());
    }
}

TEST_CASE("schema facts: another program's tables are no difference, those on ours are", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    connection->run_script(
        "CREATE TABLE delete_jobs (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));"
        "CREATE INDEX ix_delete_jobs_user_id ON delete_jobs (user_id);");
    CHECK(differences(*connection).empty());
    connection->run_script("CREATE INDEX ix_users_id ON users (id);");
    CHECK(only_difference(*connection).kind == Kind::extra);
}

TEST_CASE("schema facts: of a missing table only the table is told", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())));
    const auto connection = database.connect();
    connection->run_script("DROP TABLE face_templates;");
    const auto difference = only_difference(*connection);
    CHECK(difference.kind == Kind::missing);
    CHECK(difference.object == "table face_templates");
    CHECK_FALSE(difference.repairable);
}

TEST_CASE("schema facts: triggers are part of a schema", "[store]") {
    TestDatabase database(GENERATE(from_range(available_databases())), Schema::none);
    const auto connection = database.connect();
    const bool sqlite = connection->dialect() == Dialect::sqlite;
    const std::string up =
        sqlite ? "CREATE TABLE log (id INTEGER);\n"
                 "CREATE TRIGGER keep BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'append-only'); END;\n"
               : "CREATE TABLE log (id INTEGER);\n"
                 "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$\n"
                 "BEGIN RAISE 'append-only'; END $$;\n"
                 "CREATE TRIGGER keep BEFORE DELETE ON log FOR EACH ROW EXECUTE FUNCTION refuse();\n";
    const std::vector<store::Migration> steps = {{1, "log", up, "DROP TABLE log;"}};
    connection->run_script(up);
    const auto expected = expected_schema(*connection, steps, 1);
    CHECK(compare_schemas(expected, read_schema(*connection)).empty());
    if (!sqlite) connection->run_script("ALTER TABLE log DISABLE TRIGGER keep;");
    CHECK(compare_schemas(expected, read_schema(*connection)).size() == (sqlite ? 0U : 1U));
    connection->run_script(sqlite ? "DROP TRIGGER keep;" : "DROP TRIGGER keep ON log; DROP FUNCTION refuse;");
    const auto found = compare_schemas(expected, read_schema(*connection));
    CHECK(found.size() == (sqlite ? 1U : 2U));
    for (const auto& difference : found) {
        CHECK(difference.kind == Kind::missing);
        REQUIRE(difference.repairable);
        for (const auto& sql : expected.at(difference.object).create_sql) connection->run_script(sql);
    }
    CHECK(compare_schemas(expected, read_schema(*connection)).empty());
    CHECK_THROWS_AS(connection->run_script("INSERT INTO log VALUES (1); DELETE FROM log;"), Error);
}

TEST_CASE("schema facts: a role that may make no schema is told so", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase database(dialect);
        const auto connection = database.connect();
        connection->run_script("SET ROLE pg_read_all_data;");
        try {
            differences(*connection);
            FAIL("no error was thrown");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::store_denied);
            CHECK(std::string(error.what()).find("CREATE on the database") != std::string::npos);
        }
        connection->run_script("RESET ROLE;");
    }
}
