// What `findme migrate` promises, on every database.
#include "findme/migrate.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "findme/error.hpp"
#include "store/migration.hpp"
#include "store/schema_facts.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::available_databases;
using testing::Schema;
using testing::TemporaryFolder;
using testing::TestDatabase;

namespace {

ErrorInfo error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("no error was thrown");
    return {};
}

/// A database, and migrators on it.
struct Subject {
    explicit Subject(Schema schema = Schema::none)
        : database(GENERATE(from_range(available_databases())), schema) {}

    [[nodiscard]] Migrator migrator(MigratorOptions options = {}) const {
        Config config;
        config.database_url = database.url();
        return Migrator(config, "", std::move(options));
    }
    [[nodiscard]] db::Dialect dialect() { return database.database().dialect(); }
    void run(std::string_view sql) { database.connect()->run_script(sql); }
    [[nodiscard]] std::map<std::string, std::string> schema() {
        std::map<std::string, std::string> definitions;
        for (const auto& [object, fact] : store::read_schema(*database.connect()))
            definitions[object] = fact.definition;
        return definitions;
    }
    [[nodiscard]] std::int64_t count(const std::string& sql) {
        std::int64_t rows = -1;
        database.connect()->run(sql, {}, [&](const db::Row& row) { rows = row.integer(0); });
        return rows;
    }

    TestDatabase database;
    MigrationObserver silent;
};

/// The built-in steps as files that a test may change.
class StepFolder {
  public:
    explicit StepFolder(db::Dialect dialect) {
        for (const auto& step : store::embedded_migrations(dialect)) {
            const std::string stem = "000" + std::to_string(step.version) + "_" + step.name;
            write(stem + ".up.sql", step.up_sql);
            write(stem + ".down.sql", step.down_sql);
            newest_ = step.version;
        }
    }
    void write(const std::string& file, const std::string& sql) const {
        std::ofstream(folder_ / file, std::ios::binary) << sql;
    }
    [[nodiscard]] std::string read(const std::string& file) const {
        std::ifstream in(folder_ / file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    /// The name of one more step's file.
    [[nodiscard]] std::string next(const std::string& name) const {
        const std::string number = std::to_string(newest_ + 1);
        return std::string(4 - number.size(), '0') + number + "_" + name;
    }
    void add(const std::string& name, const std::string& up, const std::string& down) const {
        write(next(name) + ".up.sql", up);
        write(next(name) + ".down.sql", down);
    }
    [[nodiscard]] const std::string& path() const { return folder_.path(); }
    [[nodiscard]] MigratorOptions options() const {
        MigratorOptions made;
        made.dir = path();
        return made;
    }
    [[nodiscard]] std::int64_t newest() const { return newest_; }

  private:
    TemporaryFolder folder_;
    std::int64_t newest_ = 0;
};

/// Notes what happens.
class Recorder final : public MigrationObserver {
  public:
    void on_statement(const PlannedStep& step, std::size_t index, std::int64_t rows) override {
        if (rows == 0) sent += step.statements[index].sql;
        if (rows == 0 && !sent.ends_with('\n')) sent += '\n';
        if (stop_before == sent_count++ && rows == 0) source.request_stop();
    }
    void on_step_done(const PlannedStep& step, std::chrono::milliseconds) override {
        done.push_back(step.version);
    }

    std::string sent;
    std::vector<std::int64_t> done;
    std::stop_source source;
    std::size_t sent_count = 0;
    std::size_t stop_before = static_cast<std::size_t>(-1);
};

}  // namespace

TEST_CASE("migrate: an empty database gets every step, and then there is nothing to do", "[findme]") {
    Subject subject;
    auto migrator = subject.migrator();
    CHECK_FALSE(migrator.status().up_to_date());
    const auto plan = migrator.plan();
    CHECK(plan.from == 0);
    const auto done = migrator.up("", DataLoss::refuse, subject.silent);
    CHECK(done.id == plan.id);
    const auto status = migrator.status();
    CHECK(status.up_to_date());
    CHECK(status.baseline == 0);
    CHECK(status.current == std::ssize(store::embedded_migrations(subject.dialect())));
    for (const auto& step : status.steps) {
        CHECK(step.state == MigrationState::applied);
        CHECK(step.applied_at.has_value());
        CHECK(step.execution_ms >= 0);
    }
    CHECK(migrator.plan().steps.empty());
    CHECK(migrator.up("", DataLoss::refuse, subject.silent).steps.empty());
    CHECK(migrator.verify().good());
    CHECK(migrator.verify().differences.empty());
}

TEST_CASE("migrate: the plan is what up sends, byte for byte", "[findme]") {
    Subject subject;
    const auto plan = subject.migrator().plan();
    Recorder recorder;
    (void)subject.migrator().up(plan.id, DataLoss::refuse, recorder);
    CHECK(recorder.sent == plan.sql());
    CHECK(recorder.done == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("migrate: up insists on the plan it was given", "[findme]") {
    Subject subject;
    const auto plan = subject.migrator().plan();
    const auto error =
        error_of([&] { (void)subject.migrator().up("0123456789abcdef", DataLoss::refuse, subject.silent); });
    CHECK(error.code == ErrorCode::plan_changed);
    CHECK(error.subject == plan.id);
    CHECK(subject.count("SELECT 1") == 1);
    CHECK(subject.migrator().status().current == 0);
    CHECK(subject.migrator().up(plan.id, DataLoss::refuse, subject.silent).id == plan.id);
    // The same id again is another start: there is nothing left to do, and that plan has another id.
    CHECK(error_of([&] { (void)subject.migrator().up(plan.id, DataLoss::refuse, subject.silent); }).code ==
          ErrorCode::plan_changed);
}

TEST_CASE("migrate: down to every step and up again gives the same schema", "[findme]") {
    Subject subject(Schema::current);
    auto migrator = subject.migrator();
    const auto before = subject.schema();
    for (std::int64_t to = migrator.status().newest - 1; to >= 0; --to) {
        CAPTURE(to);
        const auto down = migrator.down(to, DataLoss::refuse, subject.silent);
        CHECK(std::ssize(down.steps) == migrator.status().newest - to);
        CHECK(migrator.status().current == to);
        if (to > 0) CHECK(migrator.verify().good());
        (void)migrator.up("", DataLoss::refuse, subject.silent);
        CHECK(subject.schema() == before);
    }
    (void)migrator.down(0, DataLoss::refuse, subject.silent);
    CHECK(subject.schema().empty());
    CHECK(migrator.status().steps.front().state == MigrationState::pending);
}

TEST_CASE("migrate: down says what would be lost and asks before it is", "[findme]") {
    Subject subject(Schema::current);
    subject.run("INSERT INTO events (name, event_code) VALUES ('A', 'A')");
    subject.run(
        "INSERT INTO photos (filename, photo_type, event_id, content_hash) SELECT 'a', 'uploaded', id, "
        "NULL FROM events");
    subject.run(
        "INSERT INTO photo_models (photo_id, model_id, indexed_at, face_count)"
        " SELECT id, 'm', '2026-01-01T00:00:00.000Z', 0 FROM photos");
    auto migrator = subject.migrator();
    const auto plan = migrator.plan_down(3);
    REQUIRE(plan.loses_data());
    std::set<std::string> lost;
    for (const auto& step : plan.steps) {
        for (const auto& loss : step.losses) lost.insert(loss.object + " " + std::to_string(loss.rows));
    }
    CHECK(lost.contains("table photo_models 1"));
    const auto error = error_of([&] { (void)migrator.down(3, DataLoss::refuse, subject.silent); });
    CHECK(error.code == ErrorCode::confirmation_required);
    CHECK_THAT(error.message, Catch::Contains("table photo_models (1 row)"));
    CHECK(migrator.status().up_to_date());
    (void)migrator.down(3, DataLoss::accept, subject.silent);
    CHECK(migrator.status().current == 3);
    CHECK(subject.count("SELECT count(*) FROM photos") == 1);
}

TEST_CASE("migrate: an applied file that was edited is refused by name, and another line ending is no edit",
          "[findme]") {
    Subject subject(Schema::current);
    const StepFolder steps(subject.dialect());
    const std::string file = "0002_reset_token_cascade.up.sql";
    const std::string sql = steps.read(file);

    std::string windows = "\xEF\xBB\xBF";
    for (const char c : sql) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
    steps.write(file, windows);
    CHECK(subject.migrator(steps.options()).status().up_to_date());

    steps.write(file, sql + "SELECT 1;\n");
    auto migrator = subject.migrator(steps.options());
    const auto error = error_of([&] { (void)migrator.up("", DataLoss::refuse, subject.silent); });
    CHECK(error.code == ErrorCode::schema_mismatch);
    CHECK(error.subject == file);
    CHECK_THAT(error.message, Catch::Contains(file));
    CHECK_FALSE(migrator.status().up_to_date());
    CHECK_FALSE(migrator.verify().good());
    CHECK(error_of([&] { (void)migrator.repair(AlteredFiles::refuse, subject.silent); }).code ==
          ErrorCode::schema_mismatch);
    (void)migrator.repair(AlteredFiles::accept, subject.silent);
    CHECK(migrator.status().up_to_date());
}

TEST_CASE("migrate: a database newer than the binary is left alone", "[findme]") {
    Subject subject(Schema::current);
    const StepFolder steps(subject.dialect());
    steps.add("future", "CREATE TABLE future (id INTEGER PRIMARY KEY);", "DROP TABLE future;");
    (void)subject.migrator(steps.options()).up("", DataLoss::refuse, subject.silent);
    auto older = subject.migrator();
    CHECK(older.status().steps.back().state == MigrationState::unknown);
    for (const auto& error : {error_of([&] { (void)older.up("", DataLoss::refuse, subject.silent); }),
                              error_of([&] { (void)older.down(1, DataLoss::accept, subject.silent); }),
                              error_of([&] { (void)older.repair(AlteredFiles::accept, subject.silent); })}) {
        CHECK(error.code == ErrorCode::schema_too_new);
    }
    CHECK_FALSE(older.verify().good());
}

TEST_CASE("migrate: a step that fails leaves nothing, and the ones before it stay", "[findme]") {
    Subject subject;
    const StepFolder steps(subject.dialect());
    steps.add("broken", "CREATE TABLE half (id INTEGER PRIMARY KEY);\nINSERT INTO half VALUES (1), (1);",
              "DROP TABLE half;");
    auto migrator = subject.migrator(steps.options());
    CHECK(error_of([&] { (void)migrator.up("", DataLoss::refuse, subject.silent); }).code ==
          ErrorCode::constraint);
    CHECK(migrator.status().current == steps.newest());
    CHECK_FALSE(subject.schema().contains("table half"));
    steps.add("broken", "CREATE TABLE half (id INTEGER PRIMARY KEY);\nINSERT INTO half VALUES (1), (2);",
              "DROP TABLE half;");
    auto again = subject.migrator(steps.options());
    (void)again.up("", DataLoss::refuse, subject.silent);
    CHECK(subject.count("SELECT count(*) FROM half") == 2);
}

TEST_CASE("migrate: stopped before any statement, the same command goes on", "[findme]") {
    Subject subject;
    const auto statements = [&] {
        std::size_t count = 0;
        for (const auto& step : subject.migrator().plan().steps) count += step.statements.size();
        return count;
    }();
    Recorder recorder;
    for (std::size_t stop = 0; stop < statements; ++stop) {
        recorder.source = std::stop_source();
        recorder.stop_before = recorder.sent_count;
        MigratorOptions options;
        options.stop = recorder.source.get_token();
        try {
            (void)subject.migrator(options).up("", DataLoss::refuse, recorder);
            break;
        } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::cancelled);
        }
        recorder.stop_before = recorder.sent_count + stop;
    }
    (void)subject.migrator().up("", DataLoss::refuse, subject.silent);
    CHECK(subject.migrator().verify().good());
}

TEST_CASE("migrate: several at once run each step once", "[findme]") {
    Subject subject;
    constexpr int kRunners = 4;
    std::vector<Recorder> recorders(kRunners);
    std::vector<std::string> problems(kRunners);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < kRunners; ++i) {
            threads.emplace_back([&, i] {
                try {
                    (void)subject.migrator().up("", DataLoss::refuse, recorders[i]);
                } catch (const std::exception& error) {
                    problems[i] = error.what();
                }
            });
        }
    }
    std::multiset<std::int64_t> done;
    for (std::size_t i = 0; i < kRunners; ++i) {
        CHECK(problems[i].empty());
        done.insert(recorders[i].done.begin(), recorders[i].done.end());
    }
    CHECK(done == std::multiset<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(subject.migrator().verify().good());
}

TEST_CASE("migrate: whoever waits too long for another runner is told", "[findme]") {
    Subject subject(Schema::current);
    const auto holder = subject.database.connect();
    const auto lock = holder->try_lock("migrate");
    REQUIRE(lock);
    MigratorOptions options;
    options.lock_timeout = std::chrono::milliseconds{120};
    const auto error =
        error_of([&] { (void)subject.migrator(options).up("", DataLoss::refuse, subject.silent); });
    CHECK(error.code == ErrorCode::store_locked);
    CHECK_THAT(error.message, Catch::Contains("--lock-timeout"));
}

TEST_CASE("migrate: verify names what was dropped, added and changed, and repair mends what it can",
          "[findme]") {
    Subject subject(Schema::current);
    subject.run("DROP INDEX users_email_event_unique");
    subject.run("ALTER TABLE photos ADD COLUMN nickname TEXT");
    auto migrator = subject.migrator();
    auto report = migrator.verify();
    CHECK_FALSE(report.good());
    std::map<std::string, std::string> found;
    for (const auto& difference : report.differences)
        found[difference.object] = std::string(to_string(difference.kind));
    CHECK(found["index users_email_event_unique"] == "missing");
    CHECK(found["column photos.nickname"] == "extra");

    (void)migrator.repair(AlteredFiles::refuse, subject.silent);
    found.clear();
    for (const auto& difference : migrator.verify().differences)
        found[difference.object] = std::string(to_string(difference.kind));
    CHECK_FALSE(found.contains("index users_email_event_unique"));
    CHECK(found.contains("column photos.nickname"));
}

TEST_CASE("migrate: verify notices what switches rules off", "[findme][postgres]") {
    Subject subject(Schema::current);
    if (subject.dialect() != db::Dialect::postgresql) return;
    const auto [sql, object] = GENERATE(table<const char*, const char*>({
        {"ALTER TABLE password_reset_tokens DISABLE TRIGGER ALL",
         "constraint password_reset_tokens.password_reset_tokens_user_id_fkey"},
        {"ALTER TABLE users ENABLE ROW LEVEL SECURITY", "table users"},
        {"ALTER TABLE face_templates SET UNLOGGED", "table face_templates"},
        {"CREATE RULE nobody AS ON INSERT TO users DO INSTEAD NOTHING", "rule users.nobody"},
        {"ALTER SEQUENCE faces_id_seq MAXVALUE 1000 CYCLE", "column faces.id"},
    }));
    subject.run(sql);
    auto migrator = subject.migrator();
    const auto differences = migrator.verify().differences;
    CAPTURE(sql);
    CHECK(
        std::any_of(differences.begin(), differences.end(),
                    [&, wanted = std::string(object)](const auto& found) { return found.object == wanted; }));
}

TEST_CASE("migrate: repair keeps an index that cannot be exchanged", "[findme][postgres]") {
    Subject subject(Schema::current);
    if (subject.dialect() != db::Dialect::postgresql) return;
    subject.run("DROP INDEX users_email_lower_event_key");
    subject.run("CREATE UNIQUE INDEX users_email_lower_event_key ON users (lower(email), id)");
    subject.run(
        "INSERT INTO users (username, email, hashed_password) VALUES ('a', 'a@example.org', 'x'),"
        " ('b', 'A@example.org', 'x')");
    auto migrator = subject.migrator();
    CHECK(error_of([&] { (void)migrator.repair(AlteredFiles::refuse, subject.silent); }).code ==
          ErrorCode::constraint);
    CHECK(subject.count("SELECT count(*) FROM pg_index WHERE indisvalid"
                        " AND indexrelid = 'users_email_lower_event_key'::regclass") == 1);
    CHECK(subject.count("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0);
    subject.run("DELETE FROM users WHERE username = 'b'");
    (void)migrator.repair(AlteredFiles::refuse, subject.silent);
    CHECK(migrator.verify().good());
    CHECK(subject.count("SELECT count(*) FROM pg_class WHERE relname LIKE 'findme_repair_%'") == 0);
}

TEST_CASE("migrate: a changed default is noticed and set right", "[findme][postgres]") {
    Subject subject(Schema::current);
    if (subject.dialect() != db::Dialect::postgresql) return;  // SQLite cannot change one.
    subject.run("ALTER TABLE photos ALTER COLUMN processing_status SET DEFAULT 'DONE'");
    auto migrator = subject.migrator();
    const auto report = migrator.verify();
    REQUIRE(report.differences.size() == 1);
    CHECK(report.differences.front().kind == SchemaDifference::Kind::changed);
    CHECK(report.differences.front().object == "column photos.processing_status");
    (void)migrator.repair(AlteredFiles::refuse, subject.silent);
    CHECK(migrator.verify().good());
}

TEST_CASE("migrate: an index that a failed run left INVALID is made anew", "[findme][postgres]") {
    Subject subject(Schema::current);
    if (subject.dialect() != db::Dialect::postgresql) return;  // SQLite has none: its steps are transactions.
    auto migrator = subject.migrator();
    (void)migrator.down(4, DataLoss::refuse, subject.silent);
    subject.run(
        "INSERT INTO users (username, email, hashed_password) VALUES ('a', 'a@example.org', 'x'),"
        " ('b', 'A@example.org', 'x')");
    const auto error = error_of([&] { (void)migrator.up("", DataLoss::refuse, subject.silent); });
    CHECK(error.code == ErrorCode::constraint);
    CHECK(error.subject == "users_email_lower_event_key");
    CHECK_THAT(error.message, Catch::Contains("accounts 1, 2"));
    CHECK_THAT(error.message, !Catch::Contains("example.org"));
    CHECK(migrator.status().current == 4);
    CHECK_THROWS_AS(subject.run("CREATE UNIQUE INDEX CONCURRENTLY users_email_lower_event_key"
                                " ON users (lower(email), coalesce(event_id, -1))"),
                    Error);
    CHECK(subject.count("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 1);

    subject.run("DELETE FROM users WHERE username = 'b'");
    const auto plan = migrator.plan();
    CHECK_THAT(plan.sql(), Catch::Contains("DROP INDEX CONCURRENTLY users_email_lower_event_key;"));
    (void)migrator.up(plan.id, DataLoss::refuse, subject.silent);
    CHECK(subject.count("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0);
    CHECK(migrator.verify().good());
}

TEST_CASE("migrate: a plan for a database that is not there makes nothing, and the same object runs it",
          "[findme]") {
    const TemporaryFolder folder;
    Config config;
    config.database_url = "sqlite:" + (folder / "new.db");
    Migrator migrator(config, "", {});
    const auto plan = migrator.plan();
    CHECK(std::ssize(plan.steps) == std::ssize(store::embedded_migrations(db::Dialect::sqlite)));
    CHECK(plan.database == "sqlite:" + (folder / "new.db"));
    CHECK(std::filesystem::is_empty(folder.path()));
    CHECK(error_of([&] { (void)migrator.status(); }).code == ErrorCode::not_found);
    CHECK(std::filesystem::is_empty(folder.path()));
    MigrationObserver silent;
    CHECK(migrator.up(plan.id, DataLoss::refuse, silent).id == plan.id);
    CHECK(migrator.status().up_to_date());
    CHECK(Migrator(config, "", {}).status().up_to_date());
}

TEST_CASE("migrate: a folder of steps is judged before anything runs", "[findme]") {
    Subject subject;
    TemporaryFolder folder;
    const auto refusal = [&] {
        MigratorOptions options;
        options.dir = folder.path();
        return error_of([&] { (void)subject.migrator(options).plan(); });
    };
    const auto write = [&](const std::string& file) { std::ofstream(folder / file) << "SELECT 1;\n"; };
    CHECK_THAT(refusal().message, Catch::Contains("holds no"));
    write("0001_a.up.sql");
    CHECK_THAT(refusal().message, Catch::Contains("has no .down.sql"));
    write("0001_a.down.sql");
    write("0003_c.up.sql");
    write("0003_c.down.sql");
    CHECK_THAT(refusal().message, Catch::Contains("step 2 is missing"));
    write("0002_b.up.sql");
    write("0002_other.down.sql");
    CHECK_THAT(refusal().message, Catch::Contains("twice"));
    std::filesystem::remove(folder / "0002_other.down.sql");
    write("2_b.down.sql");
    const auto error = refusal();
    CHECK_THAT(error.message, Catch::Contains("2_b.down.sql"));
    CHECK(error.code == ErrorCode::config_invalid);
}
