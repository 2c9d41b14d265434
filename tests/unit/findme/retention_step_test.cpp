// Step 9 on databases that an earlier findme made or adopted: what was decided stays, what nobody decided is
// undecided.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "findme/migrate.hpp"
#include "store/audit_repository.hpp"
#include "store/schema_facts.hpp"
#include "support/resources.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::available_databases;
using testing::available_postgresql;
using testing::Schema;
using testing::TestDatabase;

namespace {

constexpr std::int64_t kStep8 = 8;

struct Step9 {
    explicit Step9(db::Dialect dialect, Schema schema) : database(dialect, schema) {}

    [[nodiscard]] Migrator migrator() const {
        Config config;
        config.database_url = database.url();
        return Migrator(config, "", MigratorOptions{});
    }
    void up() { migrator().up("", DataLoss::accept, silent); }
    void down() { migrator().down(kStep8, DataLoss::accept, silent); }
    void run(const std::string& sql) { database.connect()->run_script(sql); }
    /// `days|expires_at` of an event, `-` for NULL.
    std::string retention(const std::string& code) {
        std::string text;
        database.connect()->run(
            "SELECT coalesce(CAST(retention_days AS TEXT), '-'), expires_at FROM events"
            " WHERE event_code = $1",
            {code}, [&](const db::Row& row) {
                text = row.text(0) + "|" + (row.is_null(1) ? "-" : row.text(1).substr(0, 10));
            });
        return text;
    }

    /// The audit as findme wrote it: action and detail of each entry about the event.
    void tell(const std::string& code, const std::vector<std::pair<std::string, std::string>>& entries) {
        const auto connection = database.connect();
        std::int64_t id = 0;
        connection->run("SELECT id FROM events WHERE event_code = $1", {code},
                        [&](const db::Row& row) { id = row.integer(0); });
        for (const auto& [action, detail] : entries)
            store::AuditRepository(*connection).append({"t", action, "event:" + std::to_string(id), detail});
    }

    TestDatabase database;
    MigrationObserver silent;
};

/// Events as step 8 holds them: adopted or made by another program, set by hand, and two of findme's.
constexpr const char* kEventsOfStep8 =
    "INSERT INTO events (name, event_code) VALUES ('a', 'ADOPTED');"
    "INSERT INTO events (name, event_code, retention_days) VALUES ('a', 'BYHAND', 30);"
    "INSERT INTO events (name, event_code, created_at, expires_at) VALUES"
    " ('a', 'OURS', '2026-06-01T00:00:00.000Z', '2027-06-01T00:00:00.000Z');"
    "INSERT INTO events (name, event_code, retention_days, created_at, expires_at) VALUES"
    " ('a', 'OURS90', 90, '2026-06-01T00:00:00.000Z', '2026-08-30T00:00:00.000Z');";

}  // namespace

TEST_CASE(
    "step 9: what nobody decided becomes undecided, what somebody did stays, and down and up again the same",
    "[findme]") {
    Step9 subject(GENERATE(from_range(available_databases())), Schema::current);
    const auto schema = store::read_schema(*subject.database.connect());
    subject.down();
    subject.run(kEventsOfStep8);
    CHECK(subject.retention("ADOPTED") == "365|-");
    const auto check_all = [&] {
        CHECK(subject.retention("ADOPTED") == "-|-");
        CHECK(subject.retention("BYHAND") == "30|-");
        CHECK(subject.retention("OURS") == "365|2027-06-01");
        CHECK(subject.retention("OURS90") == "90|2026-08-30");
    };
    subject.up();
    check_all();
    // Another program's, from now on.
    subject.run("INSERT INTO events (name, event_code) VALUES ('a', 'LATER')");
    CHECK(subject.retention("LATER") == "-|-");
    CHECK(store::compare_schemas(schema, store::read_schema(*subject.database.connect())).empty());

    subject.down();
    CHECK(subject.retention("ADOPTED") == "365|-");
    CHECK(subject.retention("LATER") == "365|-");
    subject.run("INSERT INTO events (name, event_code) VALUES ('a', 'OLDER')");
    CHECK(subject.retention("OLDER") == "365|-");
    subject.up();
    check_all();
    CHECK(subject.retention("LATER") == "-|-");
    CHECK(subject.retention("OLDER") == "-|-");
    CHECK(store::compare_schemas(schema, store::read_schema(*subject.database.connect())).empty());
}

// An earlier findme wrote expires_at with every change of an event, also of one whose retention nobody had
// set.
TEST_CASE("step 9: in an adopted database the audit tells who set a retention", "[findme][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Step9 subject(dialect, Schema::none);
        subject.run(testing::service_dump("v88"));
        static_cast<void>(subject.migrator().adopt(subject.silent));
        subject.down();
        for (const char* code : {"RENAMED", "DECIDED", "MADE", "OLDEST"})
            subject.run("INSERT INTO events (name, event_code, expires_at) VALUES ('a', '" +
                        std::string(code) + "', '2027-06-01')");
        subject.tell("RENAMED",
                     {{"event.updated", "name=changed"}, {"event.updated", "date=changed photographer=3"}});
        subject.tell("DECIDED", {{"event.updated", "name=changed"},
                                 {"event.updated", "date=changed retention_days=365"}});
        subject.tell("MADE", {{"event.created", ""}, {"event.updated", "name=changed"}});
        subject.up();
        CHECK(subject.retention("RENAMED") == "-|-");
        CHECK(subject.retention("DECIDED") == "365|2027-06-01");
        CHECK(subject.retention("MADE") == "365|2027-06-01");
        // Of a time before the audit, when an event that findme did not touch had no end.
        CHECK(subject.retention("OLDEST") == "365|2027-06-01");
    }
}

TEST_CASE("step 9: in a database that was not adopted every end was findme's to set", "[findme]") {
    Step9 subject(GENERATE(from_range(available_databases())), Schema::current);
    subject.down();
    subject.run(
        "INSERT INTO events (name, event_code, expires_at) VALUES ('a', 'OURS', '2027-06-01T00:00:00.000Z')");
    subject.tell("OURS", {{"event.updated", "name=changed"}});
    subject.up();
    CHECK(subject.retention("OURS") == "365|2027-06-01");
}
