#include "ops/health_probe.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <vector>

#include "ops/model_watch.hpp"
#include "support/patience.hpp"
#include "support/test_database.hpp"

using namespace findme;
using ops::DatabaseReading;
using ops::HealthProbe;
using testing::available_databases;
using testing::available_postgresql;
using testing::Schema;
using testing::TemporaryFolder;
using testing::TestDatabase;

namespace {

std::chrono::seconds longest_wait() {
    return testing::patience(std::chrono::seconds{10});
}

class MemoryLog final : public Log {
  public:
    void write(LogLevel /*level*/, std::string_view event, std::span<const LogField> fields) override {
        const std::lock_guard lock(mutex_);
        std::string line(event);
        for (const auto& field : fields) line += " " + std::string(field.key) + "=" + field.value;
        lines_.push_back(line);
    }
    [[nodiscard]] std::vector<std::string> lines() {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

  private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

db::OpenOptions options_of_probe() {
    db::OpenOptions options;
    options.if_missing = db::IfMissing::refuse;
    options.pool_size = 1;
    options.pool_overflow = 0;
    options.application_name = "findme health";
    return options;
}

HealthProbe::OpenDatabase opener(const std::string& url) {
    return [url] { return db::open_database(url, options_of_probe()); };
}

/// Waits until a reading is as wanted.
template <typename Wanted>
DatabaseReading wait_for(const HealthProbe& probe, const Wanted& wanted) {
    DatabaseReading reading;
    REQUIRE(testing::eventually([&] { return wanted(reading = probe.reading()); }));
    return reading;
}

DatabaseReading first_reading(const std::string& url) {
    const HealthProbe probe(opener(url), {}, nullptr);
    REQUIRE(probe.wait(longest_wait()));
    return probe.reading();
}

/// As release v88 would find its own, with more or less of it.
std::unique_ptr<TestDatabase> database_with(db::Dialect dialect, const std::string& script) {
    auto made = std::make_unique<TestDatabase>(dialect, Schema::none);
    made->connect()->run_script(script);
    return made;
}

constexpr const char* kV88Users =
    "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT, event_id INTEGER);"
    "CREATE UNIQUE INDEX users_email_event_unique ON users (email, coalesce(event_id, -1));"
    "CREATE UNIQUE INDEX users_username_event_unique ON users (username, coalesce(event_id, -1));";

/// Opens only when it is let.
struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;

    void pass() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return open; });
    }
    void let() {
        const std::lock_guard lock(mutex);
        open = true;
        changed.notify_all();
    }
};

}  // namespace

TEST_CASE("health probe: a current database is seen as it is", "[ops]") {
    TestDatabase world(GENERATE(from_range(available_databases())));
    world.connect()->run(
        "INSERT INTO users (username, email, hashed_password) VALUES ('anna', 'a@b.c', 'x')");
    const auto reading = first_reading(world.url());
    CHECK(reading.connected);
    CHECK_FALSE(reading.failure);
    CHECK(reading.facts.schema_current);
    CHECK(reading.facts.schema_version > 0);
    CHECK(reading.facts.has_event_id);
    CHECK(reading.facts.event_rules ==
          std::vector<std::string>{"users_email_event_unique", "users_username_event_unique"});
    CHECK(reading.facts.old_rules.empty());
    REQUIRE(reading.counts);
    CHECK(reading.counts->users == 1);
    CHECK(reading.counts->events == 0);
    CHECK(reading.counts->photos == 0);
    CHECK(reading.counts->faces == 0);
    CHECK_FALSE(reading.sample_user);
}

TEST_CASE("health probe: a database of release v88 is told by its rules, not by its migrations", "[ops]") {
    const auto world = database_with(GENERATE(from_range(available_databases())), kV88Users);
    const auto reading = first_reading(world->url());
    CHECK(reading.connected);
    CHECK_FALSE(reading.facts.schema_current);
    CHECK(reading.facts.schema_version == 0);
    CHECK(reading.facts.has_event_id);
    CHECK(reading.facts.event_rules.size() == 2);
    CHECK(reading.counts->users == 0);
    CHECK_FALSE(reading.counts->faces);
}

TEST_CASE("health probe: a missing column and old indexes are seen", "[ops]") {
    const auto world = database_with(GENERATE(from_range(available_databases())),
                                     "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT);"
                                     "CREATE UNIQUE INDEX ix_users_email ON users (email);"
                                     "CREATE INDEX users_email_event_unique ON users (email);"
                                     "CREATE UNIQUE INDEX users_username_key ON users (username);");
    const auto reading = first_reading(world->url());
    CHECK_FALSE(reading.facts.has_event_id);
    CHECK(reading.facts.old_rules == std::vector<std::string>{"ix_users_email", "users_username_key"});
    // Of the right name, and keeps nothing unique.
    CHECK(reading.facts.event_rules.empty());
}

TEST_CASE("health probe: an empty database answers, and has nothing", "[ops]") {
    TestDatabase world(GENERATE(from_range(available_databases())), Schema::none);
    const auto reading = first_reading(world.url());
    CHECK(reading.connected);
    CHECK_FALSE(reading.facts.schema_current);
    REQUIRE(reading.counts);
    CHECK_FALSE(reading.counts->users);
}

TEST_CASE("health probe: the sample account is the first one, with its event", "[ops]") {
    const auto world = database_with(GENERATE(from_range(available_databases())), kV88Users);
    ops::ProbeOptions options;
    options.sample_user = true;
    {
        const HealthProbe probe(opener(world->url()), options, nullptr);
        REQUIRE(probe.wait(longest_wait()));
        CHECK_FALSE(probe.reading().sample_user);
    }
    world->connect()->run(
        "INSERT INTO users (id, username, event_id) VALUES (2, 'berta', NULL), (1, 'anna', 4)");
    const HealthProbe probe(opener(world->url()), options, nullptr);
    REQUIRE(probe.wait(longest_wait()));
    const auto user = probe.reading().sample_user;
    REQUIRE(user);
    CHECK(user->username == "anna");
    CHECK(user->event_id == 4);
}

TEST_CASE("health probe: large tables are estimated on a server, and counted elsewhere", "[ops]") {
    const auto dialect = GENERATE(from_range(available_databases()));
    const auto world = database_with(dialect, kV88Users);
    world->connect()->run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)"
        " INSERT INTO users (id, username, email) SELECT i, 'u' || i, 'e' || i FROM n");
    if (dialect == db::Dialect::postgresql) {
        // Nothing to estimate from yet: it says that there are many, and reads no more.
        CHECK(first_reading(world->url()).counts->users == 100'001);
        world->connect()->run_script("ANALYZE users");
    }
    CHECK(first_reading(world->url()).counts->users == 120'000);
}

TEST_CASE("health probe: an SQLite file that is missing is not made, and is seen when it comes", "[ops]") {
    const TemporaryFolder folder;
    const std::string file = folder / "findme.db";
    ops::ProbeOptions options;
    options.file = file;
    MemoryLog log;
    {
        const HealthProbe probe(opener("sqlite:" + file), options, &log);
        REQUIRE(probe.wait(longest_wait()));
        const auto missing = probe.reading();
        CHECK_FALSE(missing.connected);
        REQUIRE(missing.failure);
        CHECK(missing.failure->code == ErrorCode::not_found);
        CHECK_FALSE(std::filesystem::exists(file));

        TestDatabase other(db::Dialect::sqlite);
        other.close();
        std::filesystem::copy_file(other.file(), file);
        wait_for(probe, [](const auto& reading) { return reading.connected; });

        // Under the same name another file, and then none.
        const std::string second = folder / "second.db";
        std::filesystem::copy_file(file, second);
        db::open_database("sqlite:" + second, {})
            ->connect()
            ->run("INSERT INTO users (username, email, hashed_password) VALUES ('anna', 'a@b.c', 'x')");
        std::filesystem::rename(second, file);
        wait_for(probe, [](const auto& reading) { return reading.counts && reading.counts->users == 1; });
        std::filesystem::remove(file);
        wait_for(probe, [](const auto& reading) { return !reading.connected; });
    }
    CHECK(log.lines() == std::vector<std::string>{"health_database_down code=not_found", "health_database_up",
                                                  "health_database_down code=not_found"});
}

TEST_CASE("health probe: sessions that are ended are replaced, one at a time", "[ops][postgres]") {
    for (const auto dialect : available_postgresql()) {
        TestDatabase world(dialect);
        const HealthProbe probe(opener(world.url()), {}, nullptr);
        REQUIRE(probe.wait(longest_wait()));
        const auto connection = world.connect();
        const auto sessions = [&] {
            std::int64_t count = 0;
            connection->run(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'findme health'"
                " AND datname = current_database()",
                {}, [&](const db::Row& row) { count = row.integer(0); });
            return count;
        };
        CHECK(sessions() == 1);
        connection->run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'findme health'"
            " AND datname = current_database()");
        const auto asked = probe.reading().probes;
        const auto again = wait_for(probe, [&](const auto& r) { return r.probes > asked && r.connected; });
        CHECK(again.connected);
        CHECK(sessions() == 1);
    }
}

TEST_CASE("health probe: a database that hangs counts as down, and nobody waits for it", "[ops]") {
    TestDatabase world(db::Dialect::sqlite);
    const auto gate = std::make_shared<Gate>();
    const auto hang = std::make_shared<std::atomic<bool>>(false);
    ops::ProbeOptions options;
    const TemporaryFolder folder;
    // A file that is not the database's: while it comes and goes, the database is opened anew each time.
    options.file = folder / "marker";
    std::optional<HealthProbe> probe;
    probe.emplace(
        [url = world.url(), gate, hang] {
            if (*hang) gate->pass();
            return db::open_database(url, options_of_probe());
        },
        options, nullptr);
    REQUIRE(probe->wait(longest_wait()));
    CHECK(probe->reading().connected);

    *hang = true;
    std::filesystem::create_directory(options.file);
    const auto silent = wait_for(*probe, [](const auto& reading) { return !reading.connected; });
    CHECK(silent.failure->code == ErrorCode::store_unreachable);

    SECTION("it comes back") {
        gate->let();
        wait_for(*probe, [](const auto& reading) { return reading.connected; });
    }
    SECTION("the probe goes before it comes back") {
        probe.reset();
        gate->let();
    }
}

TEST_CASE("health probe: of a database's error only its code and its SQLSTATE are kept", "[ops]") {
    ErrorInfo info;
    info.message = "the database x does not let this role do that (\"no\", SQLSTATE 42501): see y";
    CHECK(ops::sqlstate_of(info) == "42501");
    info.message = "SQLSTATE 4250";
    CHECK(ops::sqlstate_of(info).empty());
    info.message = "SQLSTATE secre";
    CHECK(ops::sqlstate_of(info).empty());
    CHECK(ops::sqlstate_of({}).empty());
}

TEST_CASE("health probe: model files are hashed once, and again when they change", "[ops]") {
    const TemporaryFolder folder;
    const std::string path = folder / "model.dat";
    std::atomic<int> hashed{0};
    const auto check = [&](const ModelFile& file) {
        ModelCheck found;
        found.model = file;
        found.path = path;
        if (!std::filesystem::exists(path)) return found;
        ++hashed;
        found.state = std::filesystem::file_size(path) == 4 ? ModelState::good : ModelState::altered;
        return found;
    };
    const auto write = [&](std::size_t size) {
        const auto next = path + ".new";
        std::ofstream(next) << std::string(size, 'x');
        std::filesystem::rename(next, path);
    };
    ModelFile file;
    file.id = "model";
    file.file = "model.dat";
    const ops::ModelWatch watch({file}, {folder / "none", folder.path()}, check,
                                std::chrono::milliseconds{5});
    REQUIRE(watch.wait(longest_wait()));
    const auto wait_for_state = [&](ModelState wanted) {
        CHECK(testing::eventually([&] { return watch.reading()->front().state == wanted; }));
    };
    CHECK(watch.reading()->front().state == ModelState::missing);
    write(4);
    wait_for_state(ModelState::good);
    write(5);
    wait_for_state(ModelState::altered);
    std::filesystem::remove(path);
    wait_for_state(ModelState::missing);
    CHECK(hashed == 2);
}
