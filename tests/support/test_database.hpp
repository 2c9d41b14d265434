#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/clock.hpp"

namespace findme::testing {

/// A folder of its own below the system's temporary one, gone with the object.
class TemporaryFolder {
  public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

/// A clock that stands still.
class FixedClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override { return now_; }
    Timestamp now_{std::chrono::sys_days{std::chrono::year{2026} / 6 / 20} + std::chrono::hours{12}};
};

/// The databases that conformance suites run on here and now:
/// `GENERATE(from_range(available_databases()))`. SQLite always; PostgreSQL where FINDME_TEST_POSTGRESQL_URL
/// names a server whose role may create databases. Without it every test that asks is a visible skip, and a
/// failure where everything is required.
[[nodiscard]] std::vector<db::Dialect> available_databases();

/// PostgreSQL alone; empty where there is no server, and the test is a skip.
[[nodiscard]] std::vector<db::Dialect> available_postgresql();

/// For a database that many write to at once: on a slow disk each may wait long for the others, which is no
/// fault. Who is refused all the same was refused at once, or for ever.
[[nodiscard]] db::OpenOptions patient_options();

enum class Schema { none, current };

/// A fresh database of its own, opened with patient_options(), gone with the object.
class TestDatabase {
  public:
    explicit TestDatabase(db::Dialect dialect, Schema schema = Schema::current);
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;
    ~TestDatabase();

    [[nodiscard]] db::Database& database() { return *database_; }
    [[nodiscard]] std::shared_ptr<db::Connection> connect() { return database_->connect(); }
    [[nodiscard]] const std::string& url() const { return url_; }
    /// Closes every connection that was given back.
    void close() { database_.reset(); }
    /// Of an embedded database.
    [[nodiscard]] std::string file() const { return folder_ / "findme.db"; }

  private:
    TemporaryFolder folder_;
    std::string url_;
    std::string server_name_;  ///< Of a database on a server.
    std::unique_ptr<db::Database> database_;
};

/// The URL of another database on the tests' server.
[[nodiscard]] std::string postgresql_url_of(const std::string& database);

}  // namespace findme::testing
