#include "db/postgresql_url.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <string>

#include "findme/error.hpp"

using namespace findme;

namespace {

/// What libpq itself reads from the environment, set for the life of the object.
class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* old = std::getenv(name)) old_ = old;
        value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

  private:
    const char* name_;
    std::optional<std::string> old_;
};

/// None of libpq's variables that could change the outcome.
struct CleanEnvironment {
    Variable host{"PGHOST", nullptr};
    Variable host_address{"PGHOSTADDR", nullptr};
    Variable ssl_mode{"PGSSLMODE", nullptr};
    Variable timeout{"PGCONNECT_TIMEOUT", nullptr};
    Variable service{"PGSERVICE", nullptr};
    Variable port{"PGPORT", nullptr};
    Variable database{"PGDATABASE", nullptr};
    Variable user{"PGUSER", "guest"};
};

db::PostgresqlUrl read(const std::string& url) {
    return db::read_postgresql_url(url, "findme");
}

bool verifies(const std::string& url) {
    return read(url).conninfo.find("sslmode='verify-full'") != std::string::npos;
}

}  // namespace

TEST_CASE("postgresql url: a server that is gone is noticed, and says who is asking", "[db]") {
    const CleanEnvironment clean;
    const std::string conninfo = read("postgresql://anna@db.example.org/party").conninfo;
    for (const char* part :
         {"connect_timeout='10'", "keepalives_idle='30'", "keepalives_interval='10'", "keepalives_count='3'",
          "tcp_user_timeout='30000'", "dbname='party'", "fallback_application_name='findme'"}) {
        CHECK_THAT(conninfo, Catch::Contains(part));
    }
}

TEST_CASE("postgresql url: what it or the environment says is stronger than a default", "[db]") {
    const CleanEnvironment clean;
    CHECK_THAT(read("postgresql://h/d?connect_timeout=3").conninfo, Catch::Contains("connect_timeout='3'"));
    CHECK_THAT(read("postgresql://h/d?application_name=mine").conninfo,
               Catch::Contains("application_name='mine'"));
    const Variable timeout("PGCONNECT_TIMEOUT", "4");
    CHECK_THAT(read("postgresql://h/d").conninfo, !Catch::Contains("connect_timeout"));
}

TEST_CASE("postgresql url: with a service file findme adds nothing to what that says", "[db]") {
    const CleanEnvironment clean;
    const std::string conninfo = read("postgresql://?service=party").conninfo;
    CHECK_THAT(conninfo, Catch::Contains("service='party'"));
    CHECK_THAT(conninfo, !Catch::Contains("sslmode") && !Catch::Contains("connect_timeout"));
}

TEST_CASE("postgresql url: a host elsewhere has to prove who it is", "[db]") {
    const CleanEnvironment clean;
    CHECK(verifies("postgresql://db.example.org/d"));
    CHECK(verifies("postgres://10.0.0.1/d"));
    CHECK(verifies("postgresql://localhost.example.org/d"));
    CHECK(verifies("postgresql://127.0.0.1.example.org/d"));
    CHECK(verifies("postgresql://localhost,db.example.org/d"));
    CHECK(verifies("postgresql://127.0.0.1,10.0.0.1/d"));
    CHECK(verifies("postgresql://localhost/d?hostaddr=10.0.0.1"));
    CHECK(verifies("postgresql:///d?hostaddr=10.0.0.1"));

    CHECK_FALSE(verifies("postgresql:///d"));
    CHECK_FALSE(verifies("postgresql://localhost/d"));
    CHECK_FALSE(verifies("postgresql://127.0.0.1/d"));
    CHECK_FALSE(verifies("postgresql://[::1]/d"));
    CHECK_FALSE(verifies("postgresql:///d?host=/run/postgresql"));
    CHECK_FALSE(verifies("postgresql://localhost,127.0.0.2/d"));

    const Variable host("PGHOST", "db.example.org");
    CHECK(verifies("postgresql:///d"));
}

TEST_CASE("postgresql url: the proof may be waived in the URL or the environment", "[db]") {
    const CleanEnvironment clean;
    CHECK_THAT(read("postgresql://db.example.org/d?sslmode=disable").conninfo,
               Catch::Contains("sslmode='disable'"));
    const Variable mode("PGSSLMODE", "require");
    CHECK_THAT(read("postgresql://db.example.org/d").conninfo, !Catch::Contains("sslmode"));
}

TEST_CASE("postgresql url: the name shows role, place and database, and no password", "[db]") {
    const CleanEnvironment clean;
    const auto name = [](const std::string& url) { return read(url).name; };
    CHECK(name("postgresql://anna:hunter2@db.example.org:5433/party?sslmode=require") ==
          "postgresql://anna@db.example.org:5433/party");
    CHECK(name("postgresql://db.example.org/party?user=anna&password=hunter2") ==
          "postgresql://anna@db.example.org:5432/party");
    CHECK(name("postgres://anna@/party?host=/tmp/x") == "postgresql://anna@/party?host=/tmp/x");
    CHECK(name("postgresql://anna@localhost") == "postgresql://anna@localhost:5432/anna");
    CHECK(name("postgresql://") == "postgresql://guest@/guest");
    // Neither a new line nor an escape sequence gets into a log this way.
    CHECK(name("postgresql://a%0Ab@h/p%1B[2J%40") == "postgresql://a%0Ab@h:5432/p%1B%5B2J%40");
}

TEST_CASE("postgresql url: a password of any characters reaches libpq whole", "[db]") {
    const CleanEnvironment clean;
    CHECK_THAT(read("postgresql://a:b%27%5C%20c@h/d").conninfo, Catch::Contains(R"(password='b\'\\ c')"));
}
