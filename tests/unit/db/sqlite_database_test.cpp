#include "db/sqlite_database.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "findme/error.hpp"
#include "support/test_database.hpp"

using namespace findme;
using db::IfMissing;
using db::open_database;
using db::Row;
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

ErrorInfo refusal(const std::string& url, IfMissing if_missing) {
    return error_of([&] { (void)open_database(url, {.if_missing = if_missing}); });
}

std::string pragma(db::Connection& connection, const std::string& name) {
    std::string value;
    connection.run("SELECT CAST(p." + name + " AS TEXT) FROM pragma_" + name + " p", {},
                   [&](const Row& row) { value = row.text(0); });
    return value;
}

mode_t mode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 0777U;
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/// Root may write everything, so a test of permissions is run as somebody else.
class AsNobody {
  public:
    explicit AsNobody(const TemporaryFolder& folder) {
        constexpr uid_t kNobody = 65534;
        if (::geteuid() != 0) return;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
            REQUIRE(::chown(entry.path().c_str(), kNobody, kNobody) == 0);
        }
        REQUIRE(::chown(folder.path().c_str(), kNobody, kNobody) == 0);
        REQUIRE(::seteuid(kNobody) == 0);
        changed_ = true;
    }
    AsNobody(const AsNobody&) = delete;
    AsNobody& operator=(const AsNobody&) = delete;
    ~AsNobody() {
        if (changed_ && ::seteuid(0) != 0) std::terminate();
    }

  private:
    bool changed_ = false;
};

/// A database with one row, closed.
std::string make_database(const TemporaryFolder& folder) {
    std::string path = folder / "findme.db";
    const auto database = open_database("sqlite:" + path, {});
    database->connect()->run_script(
        "CREATE TABLE item (id INTEGER PRIMARY KEY); INSERT INTO item VALUES (7);");
    return path;
}

std::int64_t read_item(db::Database& database) {
    std::int64_t id = 0;
    database.connect()->run("SELECT id FROM item", {}, [&](const Row& row) { id = row.integer(0); });
    return id;
}

}  // namespace

TEST_CASE("sqlite: every connection has what the house asks for switched on", "[db]") {
    TestDatabase database(db::Dialect::sqlite);
    const auto first = database.connect();
    const auto second = database.connect();
    for (const auto& connection : {first, second}) {
        CHECK(pragma(*connection, "journal_mode") == "wal");
        CHECK(pragma(*connection, "foreign_keys") == "1");
        CHECK(pragma(*connection, "synchronous") == "2");
        CHECK(pragma(*connection, "trusted_schema") == "0");
        CHECK(pragma(*connection, "secure_delete") == "1");
        CHECK(pragma(*connection, "application_id") == "1179534413");
    }
}

TEST_CASE("sqlite: the database is for its owner alone", "[db]") {
    TemporaryFolder folder;
    const std::string path = folder / "findme.db";
    const auto database = open_database("sqlite:" + path, {});
    const auto connection = database->connect();
    connection->run_script("CREATE TABLE item (id INTEGER)");
    CHECK(mode_of(path) == 0600);
    CHECK(mode_of(path + "-wal") == 0600);
}

TEST_CASE("sqlite: a missing database is refused where it may not be created, and nothing is left", "[db]") {
    TemporaryFolder folder;
    const auto error = refusal("sqlite:" + (folder / "a/findme.db"), IfMissing::refuse);
    CHECK(error.code == ErrorCode::not_found);
    CHECK(error.subject == folder / "a/findme.db");
    CHECK_THAT(error.message, Catch::Contains("findme event create"));
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("sqlite: a missing folder is named, and not made", "[db]") {
    TemporaryFolder folder;
    const auto error = refusal("sqlite:" + (folder / "a/findme.db"), IfMissing::create);
    CHECK(error.code == ErrorCode::config_invalid);
    CHECK_THAT(error.message,
               Catch::Contains("there is no folder \"" + (folder / "a") + "\" (make it first"));
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("sqlite: a stand-in for a missing database can be written to, and leaves nothing", "[db]") {
    TemporaryFolder folder;
    const std::string path = folder / "a/findme.db";
    {
        const auto database = db::SqliteDatabase::stand_in(path);
        database->connect()->run_script("CREATE TABLE item (id INTEGER)");
        CHECK(database->display_name() == "sqlite:" + path);
    }
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("sqlite: a file of 0 bytes is no database of findme's, and stays as it is", "[db]") {
    TemporaryFolder folder;
    const std::string path = folder / "findme.db";
    write_file(path, "");
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
    for (const auto if_missing : {IfMissing::create, IfMissing::refuse}) {
        const auto error = refusal("sqlite:" + path, if_missing);
        CHECK(error.code == ErrorCode::store_corrupt);
        CHECK(error.subject == path);
        CHECK_THAT(error.message,
                   Catch::Contains("a file of 0 bytes") && Catch::Contains("restore it again"));
    }
    CHECK(std::filesystem::file_size(path) == 0);
    CHECK(mode_of(path) == 0644);
}

TEST_CASE("sqlite: many who make the same database make one, and none meets it half made", "[db]") {
    constexpr int kMakers = 16;
    TemporaryFolder folder;
    const std::string path = folder / "findme.db";
    std::mutex mutex;
    std::vector<std::string> refused;
    std::vector<std::thread> makers;
    for (int i = 0; i < kMakers; ++i) {
        makers.emplace_back([&] {
            try {
                open_database("sqlite:" + path, {})->connect()->run("SELECT count(*) FROM sqlite_schema");
            } catch (const Error& error) {
                const std::lock_guard lock(mutex);
                refused.emplace_back(error.what());
            }
        });
    }
    for (auto& maker : makers) maker.join();
    CHECK(refused.empty());
    // What each of them made it from is gone.
    int file_count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        INFO(entry.path());
        ++file_count;
        CHECK(entry.path().filename().string().starts_with("findme.db"));
        CHECK(entry.path().filename().string().find(".new-") == std::string::npos);
    }
    CHECK(file_count >= 1);
}

TEST_CASE("sqlite: a path that is more than a path is refused, and no file is made of it", "[db]") {
    TemporaryFolder folder;
    const auto here = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    for (const std::string path : {":memory:", ":other:", "file:x?mode=memory", "file:x", "a.db?mode=ro",
                                   "a.db?", " a.db", "  a.db", "\ta.db", "a.db ", "a.db\n", "  "}) {
        for (const auto if_missing : {IfMissing::create, IfMissing::refuse}) {
            INFO('"' << path << '"');
            const auto error = refusal("sqlite:" + path, if_missing);
            CHECK(error.code == ErrorCode::config_invalid);
            CHECK_THAT(error.message, Catch::Contains("write sqlite:PATH"));
        }
    }
    // A name may hold blanks and colons.
    const auto database = open_database("sqlite:my photos: 2026.db", {});
    std::filesystem::current_path(here);
    CHECK(database->display_name() == "sqlite:" + (folder / "my photos: 2026.db"));
    CHECK(std::filesystem::exists(folder / "my photos: 2026.db"));
}

TEST_CASE("database: a URL that cannot be one is refused without repeating its password", "[db]") {
    for (const std::string url :
         {"", "findme.db", "sqlite:", "sqlite://host/findme.db", "mysql://user:hunter2@host/db",
          "postgresql://user:hunter2@host/db?no_such=1", "postgresql://user:hunter2%zz@host/db",
          "postgresql://user:hunter2@[::1/db"}) {
        const auto error = refusal(url, IfMissing::create);
        CHECK(error.code == ErrorCode::config_invalid);
        CHECK_THAT(error.message, !Catch::Contains("hunter2"));
    }
    CHECK(refusal(std::string("sqlite:a\0b", 10), IfMissing::create).code == ErrorCode::config_invalid);
}

TEST_CASE("sqlite: what is no file in place of the database is refused unopened, and named", "[db]") {
    TemporaryFolder folder;
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    const auto refused_as = [](const std::string& path, const std::string& kind) {
        const ErrorInfo error = refusal("sqlite:" + path, IfMissing::create);
        CHECK(error.code == ErrorCode::config_invalid);
        CHECK_THAT(error.message, Catch::Contains(kind));
    };
    refused_as(folder.path(), "it is a folder: name a file in it");
    refused_as(folder / "pipe", "it is a named pipe");
    refused_as("/dev/null", "it is a device");
    write_file(folder / "file", "");
    CHECK(refusal("sqlite:" + (folder / "file/findme.db"), IfMissing::create).code ==
          ErrorCode::store_unreachable);
}

TEST_CASE("sqlite: network file systems are told from local ones", "[db]") {
    for (const long kind : {0x6969L, 0x517BL, 0xFF534D42L, 0xFE534D42L, static_cast<long>(int(0xFF534D42))}) {
        CHECK(db::is_network_file_system(kind));
    }
    // ext4, xfs, btrfs, tmpfs, overlayfs, FUSE.
    for (const long kind : {0xEF53L, 0x58465342L, 0x9123683EL, 0x01021994L, 0x794C7630L, 0x65735546L}) {
        CHECK_FALSE(db::is_network_file_system(kind));
    }
}

TEST_CASE("sqlite: a held write lock is store_locked, and worth another try", "[db]") {
    TestDatabase database(db::Dialect::sqlite);
    const auto holder = database.connect();
    const auto other = database.connect();
    other->run_script("PRAGMA busy_timeout=0");
    const db::Transaction held(*holder, db::Access::write);
    const auto error = error_of([&] { const db::Transaction refused(*other, db::Access::write); });
    CHECK(error.code == ErrorCode::store_locked);
    CHECK(error.retry == Retry::later);
    CHECK(error.subject == database.file());
    CHECK_THAT(error.message, Catch::Contains('"' + database.file() + '"'));
    // Readers are not held up.
    db::Transaction reading(*other, db::Access::read);
    other->run("SELECT count(*) FROM events");
    reading.commit();
}

TEST_CASE("sqlite: a held lock is waited for as long as the database was opened for", "[db]") {
    const TestDatabase database(db::Dialect::sqlite);
    const auto open = [&](std::chrono::milliseconds patience) {
        return open_database(database.url(), {.patience = patience});
    };
    const auto holder = open({})->connect();
    auto held = std::make_optional<db::Transaction>(*holder, db::Access::write);
    std::atomic<bool> asks = false;
    std::atomic<bool> ended = false;
    std::jthread patient([&] {
        const auto connection = open(std::chrono::hours{1})->connect();
        asks = true;
        const db::Transaction waited(*connection, db::Access::write);
        ended = true;
    });
    while (!asks) std::this_thread::yield();
    const auto hasty = open({})->connect();
    const auto error = error_of([&] { const db::Transaction refused(*hasty, db::Access::write); });
    CHECK(error.code == ErrorCode::store_locked);
    // Who asked first waits still: one was given up sooner than the other.
    CHECK_FALSE(ended);
    held.reset();
    patient.join();
    CHECK(ended);
}

TEST_CASE("sqlite: a database without write permission is read and not written", "[db]") {
    TemporaryFolder folder;
    const std::string path = make_database(folder);
    const AsNobody nobody(folder);
    REQUIRE(::chmod(path.c_str(), 0444) == 0);
    // More than once: the first visit leaves -wal and -shm files as little writable as the database.
    for (int visit = 0; visit < 3; ++visit) {
        const auto database = open_database("sqlite:" + path, {});
        CHECK(read_item(*database) == 7);
        const auto connection = database->connect();
        const auto error = error_of([&] { connection->run("INSERT INTO item VALUES ($1)", {8}); });
        CHECK(error.code == ErrorCode::store_read_only);
        CHECK(error_of([&] {
                  db::Transaction transaction(*connection, db::Access::write);
                  connection->run("INSERT INTO item VALUES ($1)", {8});
              }).code == ErrorCode::store_read_only);
        CHECK(read_item(*database) == 7);
    }
}

TEST_CASE("sqlite: a read-only folder is named as what stands in the way", "[db]") {
    TemporaryFolder folder;
    const std::string path = make_database(folder);
    const AsNobody nobody(folder);
    REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
    const auto database = open_database("sqlite:" + path, {});
    const auto error = error_of([&] { read_item(*database); });
    CHECK(error.code == ErrorCode::store_read_only);
    CHECK_THAT(error.message, Catch::Contains("folder is read-only"));
    CHECK(refusal("sqlite:" + (folder / "new.db"), IfMissing::create).code == ErrorCode::store_read_only);
    REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
    CHECK(read_item(*database) == 7);
}

TEST_CASE("sqlite: an unreadable database is unreachable", "[db]") {
    TemporaryFolder folder;
    const std::string path = make_database(folder);
    const AsNobody nobody(folder);
    REQUIRE(::chmod(path.c_str(), 0000) == 0);
    const auto database = open_database("sqlite:" + path, {});
    CHECK(error_of([&] { read_item(*database); }).code == ErrorCode::store_unreachable);
}

TEST_CASE("sqlite: a full database keeps what was committed and nothing of the rest", "[db]") {
    TemporaryFolder folder;
    const std::string path = make_database(folder);
    const auto database = open_database("sqlite:" + path, {.if_missing = IfMissing::refuse});
    const auto connection = database->connect();
    connection->run_script("PRAGMA max_page_count=3");
    const auto error = error_of([&] {
        db::Transaction transaction(*connection, db::Access::write);
        for (std::int64_t id = 100; id < 10000; ++id) connection->run("INSERT INTO item VALUES ($1)", {id});
        transaction.commit();
    });
    CHECK(error.code == ErrorCode::store_full);
    CHECK(read_item(*database) == 7);
    connection->run("UPDATE item SET id = $1", {8});
    CHECK(read_item(*database) == 8);
}

TEST_CASE("sqlite: a file that is no database is store_corrupt and stays as it is", "[db]") {
    TemporaryFolder folder;
    const std::string path = folder / "holiday.jpg";
    const std::string bytes(5000, 'x');
    write_file(path, bytes);
    const auto database = open_database("sqlite:" + path, {});
    const auto error = error_of([&] { (void)database->connect(); });
    CHECK(error.code == ErrorCode::store_corrupt);
    CHECK_THAT(error.message, Catch::Contains("not a SQLite database"));
    std::ifstream in(path, std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == bytes);
}

TEST_CASE("sqlite: a damaged page is store_corrupt", "[db]") {
    TemporaryFolder folder;
    const std::string path = make_database(folder);
    {
        // The second page holds the table's root.
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(4096);
        file << std::string(4096, '\xA5');
    }
    const auto database = open_database("sqlite:" + path, {.if_missing = IfMissing::refuse});
    const auto error = error_of([&] { read_item(*database); });
    CHECK(error.code == ErrorCode::store_corrupt);
    CHECK_THAT(error.message, Catch::Contains("backup"));
}

TEST_CASE("sqlite: control characters of a path do not reach a message", "[db]") {
    TemporaryFolder folder;
    const std::string path = folder / "\x1B[2J\n.db";
    write_file(path, std::string(5000, 'x'));
    const auto database = open_database("sqlite:" + path, {.if_missing = IfMissing::refuse});
    const auto error = error_of([&] { (void)database->connect(); });
    CHECK_THAT(error.message, Catch::Contains("\\x1b[2J\\n.db"));
    CHECK(error.message.find('\x1B') == std::string::npos);
    CHECK(error.subject == path);
}

TEST_CASE("sqlite: eight writers lose no update and are never refused", "[db]") {
    constexpr std::int64_t kWriters = 8;
    constexpr std::int64_t kRounds = 200;
    TestDatabase database(db::Dialect::sqlite, Schema::none);
    database.connect()->run_script(
        "CREATE TABLE counter (value INTEGER NOT NULL); INSERT INTO counter VALUES (0);");
    std::mutex mutex;
    std::string failures;
    std::vector<std::thread> writers;
    writers.reserve(kWriters);
    for (std::int64_t i = 0; i < kWriters; ++i) {
        writers.emplace_back([&] {
            try {
                for (std::int64_t round = 0; round < kRounds; ++round) {
                    const auto connection = database.connect();
                    db::Transaction transaction(*connection, db::Access::write);
                    std::int64_t value = 0;
                    connection->run("SELECT value FROM counter", {},
                                    [&](const Row& row) { value = row.integer(0); });
                    connection->run("UPDATE counter SET value = $1", {value + 1});
                    transaction.commit();
                }
            } catch (const Error& error) {
                const std::lock_guard lock(mutex);
                failures += error.what();
            }
        });
    }
    for (auto& writer : writers) writer.join();
    CHECK(failures.empty());
    std::int64_t sum = 0;
    database.connect()->run("SELECT value FROM counter", {}, [&](const Row& row) { sum = row.integer(0); });
    CHECK(sum == kWriters * kRounds);
}
