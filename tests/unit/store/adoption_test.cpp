// An existing FindMe database is taken as it stands.
#include "store/adoption.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "findme/error.hpp"
#include "findme/migrate.hpp"
#include "store/schema_facts.hpp"
#include "store/schema_history.hpp"
#include "support/resources.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::available_postgresql;
using testing::Schema;
using testing::TestDatabase;

namespace {

const std::vector<std::string> kFindmeTables = {
    "users",        "events",         "user_events",         "photos",
    "face_matches", "photo_faces",    "gdrive_integrations", "gdrive_ingestion_log",
    "delete_jobs",  "local_watchers", "local_ingestion_log", "password_reset_tokens"};

/// A database as a release of FindMe left it, and what the tests do with it.
class Existing {
  public:
    explicit Existing(const std::string& release, db::Dialect dialect = db::Dialect::postgresql)
        : database_(dialect, Schema::none), connection_(database_.connect()) {
        if (!release.empty()) run(testing::service_dump(release));
    }

    [[nodiscard]] db::Connection& connection() { return *connection_; }
    [[nodiscard]] Migrator migrator() const {
        Config config;
        config.database_url = database_.url();
        return Migrator(config, "", MigratorOptions{});
    }
    AdoptionPlan adopt() {
        MigrationObserver silent;
        return migrator().adopt(silent);
    }
    void run(const std::string& sql) { connection_->run_script(sql); }
    [[nodiscard]] std::int64_t number(const std::string& sql) {
        std::int64_t value = -1;
        connection_->run(sql, {}, [&](const db::Row& row) { value = row.integer(0); });
        return value;
    }
    [[nodiscard]] std::map<std::string, std::string> schema() {
        std::map<std::string, std::string> definitions;
        for (const auto& [object, fact] : store::read_schema(*connection_))
            definitions[object] = fact.definition;
        return definitions;
    }
    [[nodiscard]] ErrorInfo refusal() {
        try {
            const auto found = store::fingerprint(*connection_);
            FAIL("it was taken for " << found.release);
        } catch (const Error& error) {
            return error.info();
        }
        return {};
    }

    /// Keeps a copy of every row beside the tables.
    void remember_rows() {
        run("CREATE SCHEMA before;");
        for (const auto& table : kFindmeTables)
            run("CREATE TABLE before." + table + " AS TABLE " + table + ";");
    }
    /// Rows that are not there any more with all the values they had, whatever columns came on top.
    [[nodiscard]] std::int64_t rows_lost(const std::string& table, const std::string& but_column = "") {
        const std::string old = "(to_jsonb(b) - '" + but_column + "')";
        return number("SELECT count(*) FROM before." + table + " b WHERE NOT EXISTS (SELECT FROM " + table +
                      " t WHERE t.id = b.id AND to_jsonb(t) @> " + old + ")");
    }

  private:
    TestDatabase database_;
    std::shared_ptr<db::Connection> connection_;
};

bool mentions(const std::vector<std::string>& sentences, const std::string& words) {
    return std::any_of(sentences.begin(), sentences.end(), [&](const std::string& sentence) {
        return sentence.find(words) != std::string::npos;
    });
}

void check_adopted(Existing& existing) {
    const VerifyReport report = existing.migrator().verify();
    for (const auto& difference : report.differences) {
        if (difference.accepted) continue;
        UNSCOPED_INFO(to_string(difference.kind) << " " << difference.object << ": " << difference.expected
                                                 << " / " << difference.found);
    }
    CHECK(report.good());
    CHECK(report.status.up_to_date());
}

/// What FindMe inserts where it knows nothing of findme's columns.
constexpr auto kAddGuest =
    "INSERT INTO users (username, email, hashed_password, user_type, event_id, is_active, created_at)"
    " VALUES ($1, $2, 'x', 'user', $3, TRUE, now())";

}  // namespace

TEST_CASE("adoption: v87 and v88 are told apart", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing v87("v87", dialect);
        const auto old = store::fingerprint(v87.connection());
        CHECK(old.release == "v87");
        CHECK(old.baseline == 1);
        CHECK(mentions(old.findings, "release v87"));
        CHECK(mentions(old.findings, "7 accounts, 3 events and 4 photos"));
        CHECK(mentions(old.findings, "users_email_key, users_username_key"));
        CHECK(mentions(old.findings, "gdrive_integrations"));

        Existing v88("v88", dialect);
        const auto recent = store::fingerprint(v88.connection());
        CHECK(recent.release == "v88");
        CHECK(recent.baseline == 3);
    }
}

TEST_CASE("adoption: a database between the releases begins at the last step that is wholly there",
          "[store][postgres]") {
    struct Between {
        const char* release;
        const char* sql;
        std::int64_t baseline;
        const char* says;
    };
    const std::vector<Between> cases = {
        {"v87",
         "ALTER TABLE password_reset_tokens DROP CONSTRAINT password_reset_tokens_user_id_fkey,"
         " ADD CONSTRAINT other_name FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;",
         2, "it still has users_email_key"},
        {"v87", "ALTER TABLE users ADD COLUMN event_id INTEGER;", 1, "it has users.event_id; it lacks"},
        {"v88", "DROP INDEX users_email_event_unique;", 2, "it lacks users_email_event_unique"},
        {"v88", "CREATE INDEX ix_users_email ON users (email);", 2, "it still has ix_users_email"},
        {"v88",
         "UPDATE users SET username = username || id; CREATE UNIQUE INDEX u ON users (lower(username));", 2,
         "it still has u"},
        {"v88",
         "ALTER TABLE users DROP CONSTRAINT users_event_id_fkey, ADD CONSTRAINT users_event_id_fkey"
         " FOREIGN KEY (event_id) REFERENCES events (id);",
         2, "it lacks the foreign key of users.event_id"},
    };
    for (const auto dialect : available_postgresql()) {
        for (const auto& between : cases) {
            INFO(between.sql);
            Existing existing(between.release, dialect);
            existing.run(between.sql);
            const auto found = store::fingerprint(existing.connection());
            CHECK(found.release.starts_with("between v87 and v88: "));
            CHECK(found.release.find(between.says) != std::string::npos);
            CHECK(found.baseline == between.baseline);
            CHECK(existing.adopt().baseline == between.baseline);
            check_adopted(existing);
            CHECK(
                existing.number("SELECT count(*) FROM pg_indexes WHERE indexname IN ('u', 'ix_users_email', "
                                "'users_email_key', 'users_username_key')") == 0);
        }
    }
}

TEST_CASE("adoption: an index that a run left INVALID is made anew", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing("v87", dialect);
        existing.run("ALTER TABLE users ADD COLUMN event_id INTEGER;");
        existing.run("CREATE INDEX users_email_event_unique ON users (email);");
        existing.run(
            "UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = "
            "'users_email_event_unique'::regclass;");
        CHECK(store::fingerprint(existing.connection()).baseline == 1);
        existing.adopt();
        check_adopted(existing);
    }
}

TEST_CASE("adoption: what is no FindMe database is refused, with all that it lacks", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing empty("", dialect);
        const ErrorInfo nothing = empty.refusal();
        CHECK(nothing.code == ErrorCode::schema_mismatch);
        for (const char* table :
             {"users", "events", "user_events", "photos", "face_matches", "photo_faces"}) {
            CHECK(nothing.message.find(std::string("table ") + table) != std::string::npos);
        }

        Existing foreign("", dialect);
        foreign.run("CREATE TABLE users (id INTEGER, email TEXT); CREATE TABLE orders (id INTEGER);");
        const ErrorInfo other = foreign.refusal();
        CHECK(other.code == ErrorCode::schema_mismatch);
        CHECK(other.message.find("column users.hashed_password") != std::string::npos);
        CHECK(other.message.find("table photos") != std::string::npos);
        CHECK(other.message.find("column users.email") == std::string::npos);
        CHECK_THROWS_AS(foreign.adopt(), Error);
        CHECK(store::table_names(foreign.connection()) == std::vector<std::string>{"orders", "users"});

        Existing impostor("v88", dialect);
        impostor.run(
            "DROP INDEX users_email_event_unique; CREATE INDEX users_email_event_unique ON users (email);");
        CHECK(impostor.refusal().subject == "users_email_event_unique");
    }
}

TEST_CASE("adoption: an embedded database is no FindMe database", "[store]") {
    TestDatabase database(db::Dialect::sqlite);
    CHECK_THROWS_AS(store::fingerprint(*database.connect()), Error);
}

TEST_CASE("adoption: accounts that the new rules have no room for are listed, and nothing is changed",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing("v87", dialect);
        CHECK(store::find_duplicates(existing.connection()).empty());
        // Two spellings in one event, two in different events, and a guest with a photographer's address.
        existing.run(
            "INSERT INTO users (id, username, email, hashed_password, user_type, is_active) VALUES"
            " (101, 'a', 'Zo\u00e9@Example.fr', 'x', 'user', TRUE), (102, 'b', 'zo\u00e9@example.fr', 'x', "
            "'user', TRUE),"
            " (103, 'c', 'ZO\u00e9@EXAMPLE.FR', 'x', 'user', TRUE), (104, 'd', 'Marc@photo.example', 'x', "
            "'user', TRUE);"
            "INSERT INTO user_events (user_id, event_id, joined_at) VALUES (101, 1, now()), (103, 1, now()),"
            " (102, 2, '2020-01-01'), (102, 1, '2021-01-01'), (104, 1, now());");
        const auto before = existing.schema();
        const auto duplicates = store::find_duplicates(existing.connection());
        REQUIRE(duplicates.size() == 1);
        CHECK(duplicates[0].rule == "users_email_lower_event_key");
        CHECK(duplicates[0].ids == std::vector<std::int64_t>{101, 103});
        CHECK(duplicates[0].value == "\"z***@e***.fr\" in event 1");
        const auto refused = existing.adopt();
        CHECK(refused.duplicates.size() == 1);
        CHECK(existing.schema() == before);
        CHECK_FALSE(store::has_history(existing.connection()));

        existing.run("DELETE FROM user_events WHERE user_id = 103; DELETE FROM users WHERE id = 103;");
        CHECK(existing.adopt().duplicates.empty());
        check_adopted(existing);
    }
}

TEST_CASE("adoption: where the old rules are gone, names and addresses that occur twice are found",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing("v87", dialect);
        existing.run(
            "ALTER TABLE users DROP CONSTRAINT users_email_key, DROP CONSTRAINT users_username_key;"
            "INSERT INTO users (id, username, email, hashed_password, user_type, is_active) VALUES"
            " (101, 'marc', 'marc@photo.example', 'x', 'photographer', TRUE), (102, 'lea', 'x@y.example', "
            "'x', 'user', TRUE);"
            "INSERT INTO user_events (user_id, event_id, joined_at) VALUES (102, 1, now());");
        const auto duplicates = store::find_duplicates(existing.connection());
        REQUIRE(duplicates.size() == 3);
        CHECK(duplicates[0].rule == "users_username_event_unique");
        CHECK(duplicates[0].value == "\"marc\" without an event");
        CHECK(duplicates[0].ids == std::vector<std::int64_t>{2, 101});
        CHECK(duplicates[1].value == "\"lea\" in event 1");
        CHECK(duplicates[1].ids == std::vector<std::int64_t>{4, 102});
        CHECK(duplicates[2].rule == "users_email_event_unique");
        CHECK(duplicates[2].value == "\"m***@p***.example\" without an event");
    }
}

TEST_CASE("adoption: every row of v87 is still there, and guests have the event they joined first",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing("v87", dialect);
        existing.remember_rows();
        const auto plan = existing.adopt();
        CHECK(plan.release == "v87");
        CHECK(plan.duplicates.empty());
        for (const auto& table : kFindmeTables) {
            INFO(table);
            CHECK(existing.number("SELECT count(*) FROM before." + table) >= 2);
            CHECK(existing.rows_lost(table, table == "password_reset_tokens" ? "used_at" : "") == 0);
        }
        check_adopted(existing);
        const auto event_of = [&](const std::string& name) {
            return existing.number("SELECT coalesce(event_id, 0) FROM users WHERE username = '" + name + "'");
        };
        CHECK(event_of("lea") == 1);
        CHECK(event_of("hugo") == 2);
        CHECK(event_of("ines") == 3);
        CHECK(event_of("paul") == 0);
        CHECK(event_of("sonia") == 0);
        CHECK(event_of("admin") == 0);
        CHECK(existing.number("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'findme%joined'") == 0);
    }
}

TEST_CASE("adoption: every row of v88 is still there", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing("v88", dialect);
        existing.remember_rows();
        const auto plan = existing.adopt();
        CHECK(plan.release == "v88");
        CHECK(plan.duplicates.empty());
        for (const auto& table : kFindmeTables) {
            INFO(table);
            CHECK(existing.number("SELECT count(*) FROM before." + table) >= 2);
            CHECK(existing.rows_lost(table, table == "password_reset_tokens" ? "used_at" : "") == 0);
        }
        check_adopted(existing);
    }
}

TEST_CASE("adoption: outstanding reset tokens are void, used ones keep their time", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing(GENERATE("v87", "v88"), dialect);
        existing.remember_rows();
        CHECK(existing.number("SELECT count(*) FROM password_reset_tokens WHERE used_at IS NULL") == 2);
        const auto plan = existing.adopt();
        REQUIRE_FALSE(plan.plan.steps.empty());
        CHECK(mentions(plan.plan.steps.front().notes, "2 outstanding password-reset tokens"));
        CHECK(existing.number("SELECT count(*) FROM password_reset_tokens WHERE used_at IS NULL") == 0);
        CHECK(
            existing.number("SELECT count(*) FROM password_reset_tokens t JOIN before.password_reset_tokens b"
                            " ON b.id = t.id AND b.used_at = t.used_at") == 1);
        CHECK(plan.plan.sql().find("example.org") == std::string::npos);
    }
}

TEST_CASE("adoption: what is different is recorded as accepted, what becomes different later is not",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing(GENERATE("v87", "v88"), dialect);
        CHECK(store::recorded_differences(existing.connection()).empty());
        const auto accepted = existing.adopt().accepted;
        CHECK(std::any_of(accepted.begin(), accepted.end(), [](const SchemaDifference& difference) {
            return difference.object == "column users.id" &&
                   difference.found.find("nextval") != std::string::npos;
        }));
        CHECK(store::recorded_differences(existing.connection()).size() == accepted.size());
        check_adopted(existing);
        existing.run("DROP INDEX users_username_event_unique; ALTER TABLE users ADD COLUMN nickname TEXT;");
        const auto report = existing.migrator().verify();
        CHECK_FALSE(report.good());
        std::vector<std::string> objects;
        for (const auto& difference : report.differences) {
            if (!difference.accepted) objects.push_back(difference.object);
        }
        CHECK(objects ==
              std::vector<std::string>{"index users_username_event_unique", "column users.nickname"});
    }
}

TEST_CASE("adoption: down to the baseline and up again leaves equal schemas", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing(GENERATE("v87", "v88"), dialect);
        const auto baseline = existing.adopt().baseline;
        const auto adopted = existing.schema();
        const auto events = existing.number("SELECT sum(event_id * id) FROM users");
        MigrationObserver silent;
        Migrator migrator = existing.migrator();
        migrator.down(baseline, DataLoss::accept, silent);
        CHECK(existing.schema() != adopted);
        migrator.up("", DataLoss::refuse, silent);
        CHECK(existing.schema() == adopted);
        // In one session: the place where an earlier backfill ended is no place to begin at.
        CHECK(existing.number("SELECT sum(event_id * id) FROM users") == events);
        check_adopted(existing);
    }
}

TEST_CASE("adoption: the way back is refused, and changes nothing, while an address is used in two events",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing("v87", dialect);
        existing.adopt();
        existing.connection().run(kAddGuest, {"lea", "Lea@example.org", std::int64_t{2}});
        Migrator migrator = existing.migrator();
        MigrationObserver silent;
        migrator.down(3, DataLoss::accept, silent);
        const auto before = existing.schema();
        try {
            migrator.down(1, DataLoss::accept, silent);
            FAIL("no error was thrown");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::constraint);
        }
        CHECK(existing.schema() == before);
        CHECK(store::invalid_indexes(existing.connection()).empty());
    }
}

TEST_CASE("adoption: the application's own statements behave as before", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing("v88", dialect);
        existing.adopt();
        db::Connection& app = existing.connection();
        const auto refused_by = [&](const std::string& name, const std::string& email,
                                    const db::Value& event) {
            try {
                app.run(kAddGuest, {name, email, event});
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::constraint);
                return error.info().subject;
            }
            return std::string();
        };
        CHECK(refused_by("nina", "nina@example.org", std::int64_t{1}).empty());
        CHECK(refused_by("nina", "nina@example.org", std::int64_t{2}).empty());
        CHECK(refused_by("nina", "other@example.org", std::int64_t{2}) == "users_username_event_unique");
        CHECK(refused_by("nora", "nina@example.org", std::int64_t{2}) == "users_email_event_unique");
        CHECK(refused_by("nora", "NINA@example.org", std::int64_t{2}) == "users_email_lower_event_key");
        CHECK(refused_by("nora", "marc@photo.example", std::int64_t{2}).empty());
        CHECK(existing.number(
                  "SELECT count(*) FROM users WHERE (username = 'nina' OR email = 'nina@example.org')"
                  " AND event_id = 2 AND is_active") == 1);

        existing.run(
            "INSERT INTO events (name, event_code, date, photographer_id) VALUES ('New', 'NEW1', NULL, 2);"
            "INSERT INTO photos (filename, file_path, photo_type, event_id, processing_status, is_indexed)"
            " VALUES ('n.jpg', 'n.jpg', 'group', 1, 'PENDING', FALSE), ('n.jpg', 'n.jpg', 'group', 1, "
            "'PENDING', "
            "FALSE);"
            "DELETE FROM users WHERE username = 'nina';");
        CHECK(
            existing.number("SELECT count(*) FROM events WHERE event_code = 'NEW1' AND created_at > now() - "
                            "interval '1 minute' AND retention_days IS NULL") == 1);
        CHECK(refused_by("nina", "nina@example.org", std::int64_t{1}).empty());
    }
}

TEST_CASE("adoption: a rejoined database has nothing more to adopt", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Existing existing("v88", dialect);
        existing.adopt();
        const auto schema = existing.schema();
        CHECK(existing.adopt().plan.steps.empty());
        CHECK(existing.schema() == schema);
    }
}
