#include "ops/health_server.hpp"

#include <sys/resource.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "findme/error.hpp"
#include "support/health_clients.hpp"
#include "support/manual_clock.hpp"
#include "support/patience.hpp"
#include "support/test_database.hpp"

using namespace findme;
using ops::HealthServer;
using ops::ServerLimits;
using testing::http;
using testing::HttpConnection;
using testing::HttpReply;

namespace {

class MemoryLog final : public Log {
  public:
    void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override {
        const std::lock_guard lock(mutex_);
        text_ += std::string(to_string(level)) + " " + std::string(event);
        for (const auto& field : fields) text_ += " " + std::string(field.key) + "=" + field.value;
        text_ += "\n";
    }
    [[nodiscard]] std::string text() {
        const std::lock_guard lock(mutex_);
        return text_;
    }

  private:
    std::mutex mutex_;
    std::string text_;
};

std::chrono::seconds longest_wait() {
    return testing::patience(std::chrono::seconds{30});
}

/// A server whose database is as the test says.
struct World {
    explicit World(ServerLimits limits = {512, longest_wait()}, const std::string& where = "127.0.0.1:0")
        : server(
              std::make_unique<ops::ListenSocket>(ops::parse_listen_address(where)), limits,
              [this](const ops::HealthRequest& request, std::size_t connections) {
                  ops::HealthView view;
                  view.database.connected = connected;
                  view.metrics = [&] { return metrics->render(view, connections); };
                  if (fail) fail();
                  return ops::answer(request, view);
              },
              metrics, &log, clock.reader()) {}

    testing::ManualClock clock;  ///< By which requests are given up.
    MemoryLog log;
    bool connected = true;
    std::function<void()> fail;
    std::shared_ptr<ops::Metrics> metrics = std::make_shared<ops::Metrics>();
    HealthServer server;

    [[nodiscard]] HttpReply get(std::string_view path, std::string_view headers = {}) const {
        return http(server.address(), "GET", path, headers);
    }
    /// The value of one sample.
    [[nodiscard]] double metric(const std::string& name) const { return sample(get("/metrics").body, name); }
    /// The same, of one that counts, without a request to the server.
    [[nodiscard]] double counted(const std::string& name) const {
        return sample(metrics->render({}, 0), name);
    }

  private:
    static double sample(const std::string& text, const std::string& name) {
        const auto at = text.find("\n" + name + " ");
        REQUIRE(at != std::string::npos);
        return std::stod(text.substr(at + name.size() + 2));
    }
};

/// While it lives, the process may open no more.
class FewDescriptors {
  public:
    explicit FewDescriptors(rlim_t count) {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const rlimit few{count, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("health server: every answer has its type, its id and no cache", "[ops]") {
    const World world;
    const auto live = world.get("/livez");
    CHECK(live.status == 200);
    CHECK(live.body == "alive\n");
    CHECK(live.header("Content-Type") == "text/plain; charset=utf-8");
    for (const char* path :
         {"/livez", "/readyz", "/metrics", "/api/health-check", "/api/db-raw-test", "/x"}) {
        const auto reply = world.get(path);
        CAPTURE(path, reply.headers);
        CHECK(reply.status > 0);
        CHECK(reply.header("Cache-Control") == "no-store");
        CHECK(reply.header("X-Content-Type-Options") == "nosniff");
        CHECK_FALSE(reply.header("X-Request-Id").empty());
        CHECK(reply.body.ends_with("\n"));
    }
    CHECK(world.get("/metrics").header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(world.get("/api/health-check").header("Content-Type") == "application/json; charset=utf-8");
    CHECK(world.get("/livez").header("X-Request-Id") != live.header("X-Request-Id"));
}

TEST_CASE("health server: query and headers reach the answer", "[ops]") {
    const World world;
    CHECK(world.get("/readyz?verbose").body.find("[+] database connection") != std::string::npos);
    CHECK(world.get("/readyz").body.find("[+]") == std::string::npos);
    const auto json = world.get("/readyz", "Accept: text/html, Application/Health+JSON;q=0.9\r\n");
    CHECK(json.header("Content-Type") == "application/health+json; charset=utf-8");
}

TEST_CASE("health server: HEAD has the headers of GET and no body", "[ops]") {
    const World world;
    const auto got = world.get("/livez");
    const auto head = http(world.server.address(), "HEAD", "/livez");
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(head.header("Content-Length") == got.header("Content-Length"));
}

TEST_CASE("health server: other methods are refused, and told which are not", "[ops]") {
    const World world;
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "NONSENSE"}) {
        const auto reply = http(world.server.address(), method, "/livez");
        CAPTURE(method);
        CHECK(reply.status == 405);
        CHECK(reply.header("Allow") == "GET, HEAD");
    }
}

TEST_CASE("health server: a body is refused, whatever its form", "[ops]") {
    const World world;
    const auto send = [&](const std::string& request) {
        const HttpConnection connection(world.server.address());
        connection.send(request);
        return connection.read();
    };
    const std::string get = "GET /livez HTTP/1.1\r\nHost: a\r\n";
    CHECK(send(get + "Content-Length: 5\r\n\r\nhello").status == 413);
    CHECK(send(get + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").status == 413);
    CHECK(send("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").status == 405);
    CHECK(send("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n").status == 405);
    // What stands in a body is no request.
    const auto smuggled = send(get + "Content-Length: 35\r\n\r\nGET /metrics HTTP/1.1\r\nHost: abc\r\n\r\n");
    CHECK(smuggled.status == 413);
    CHECK(smuggled.body.find("findme_up") == std::string::npos);
}

TEST_CASE("health server: a body without end is cut off", "[ops]") {
    const World world;
    const HttpConnection connection(world.server.address());
    connection.send("GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::size_t sent = 0;
    const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
    while (sent < (std::size_t{64} << 20U) && connection.send(chunk)) sent += chunk.size();
    CHECK(sent < (std::size_t{64} << 20U));
    CHECK(world.get("/livez").status == 200);
}

TEST_CASE("health server: a header line without end is refused", "[ops]") {
    const World world;
    const HttpConnection connection(world.server.address());
    connection.send("GET /livez HTTP/1.1\r\nX: ");
    std::size_t sent = 0;
    const std::string part(4096, 'x');
    while (sent < (std::size_t{64} << 20U) && connection.send(part)) sent += part.size();
    CHECK(sent < (std::size_t{64} << 20U));
    CHECK(world.get("/livez").status == 200);
}

TEST_CASE("health server: one connection serves many requests", "[ops]") {
    const World world;
    const HttpConnection connection(world.server.address());
    connection.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    connection.send("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto all = connection.read();
    CHECK(all.status == 200);
    CHECK(all.body.find("HTTP/1.1 200") != all.body.rfind("HTTP/1.1 200"));
}

TEST_CASE("health server: a request that drips is given up after twice the timeout", "[ops]") {
    // Of the timeout itself the library's own clock knows: it is long enough for nobody to run into it.
    const auto timeout = longest_wait();
    World world({64, timeout});
    constexpr std::size_t kSlow = 40;
    const std::string overdue = "findme_http_connections_overdue_total";
    std::vector<std::unique_ptr<HttpConnection>> slow;
    for (std::size_t n = 0; n < kSlow; ++n) {
        slow.push_back(std::make_unique<HttpConnection>(world.server.address()));
        REQUIRE(slow.back()->send("GET /livez HTTP/1.1\r\nX: "));
    }
    REQUIRE(testing::eventually([&] { return world.server.connections() == kSlow; }));
    world.clock.advance(2 * timeout);
    const HttpConnection late(world.server.address());
    REQUIRE(late.send("GET /livez HTTP/1.1\r\nX: "));
    REQUIRE(testing::eventually([&] { return world.server.connections() == kSlow + 1; }));
    CHECK(world.get("/livez").status == 200);
    for (const auto& connection : slow) CHECK(connection->send("x"));
    CHECK(world.counted(overdue) == 0);

    world.clock.advance(std::chrono::milliseconds{1});
    CHECK(testing::eventually([&] { return world.counted(overdue) >= kSlow; }));
    for (const auto& connection : slow) CHECK(connection->ends());
    // Who began later still has its time.
    REQUIRE(late.send("x\r\nConnection: close\r\n\r\n"));
    CHECK(late.read().status == 200);
    CHECK(world.counted(overdue) == kSlow);
}

TEST_CASE("health server: more connections than allowed are refused, and room comes back", "[ops]") {
    const World world({8, std::chrono::seconds{30}});
    std::vector<std::unique_ptr<HttpConnection>> held;
    for (int n = 0; n < 8; ++n) {
        held.push_back(std::make_unique<HttpConnection>(world.server.address()));
        held.back()->send("GET /livez HTTP/1.1\r\nHost: a\r\n");
    }
    // They are eight when the server has seen them all: the ninth is closed then.
    HttpReply reply = world.get("/livez");
    while (reply.status == 200) reply = world.get("/livez");
    CHECK(reply.status == 0);
    // Too many callers are nothing that a restart mends.
    CHECK(world.server.answers());
    held.clear();
    while (reply.status != 200) reply = world.get("/livez");
    CHECK(world.metric("findme_http_connections_refused_total") >= 1);
}

TEST_CASE("health server: callers never take the last descriptors of the process", "[ops]") {
    const FewDescriptors few(80);
    World world({512, std::chrono::seconds{30}});
    std::vector<std::unique_ptr<HttpConnection>> held;
    for (int n = 0; n < 16; ++n) {
        held.push_back(std::make_unique<HttpConnection>(world.server.address()));
        held.back()->send("GET /livez HTTP/1.1\r\nHost: a\r\n");
    }
    while (world.get("/livez").status == 200) continue;
    CHECK(world.log.text().find("health_connections_limited_by_descriptors wanted=512 allowed=16") !=
          std::string::npos);
}

TEST_CASE("health server: what fails inside is a 500 without its reason, which the log has no word of",
          "[ops]") {
    World world;
    world.fail = [] {
        throw Error(ErrorCode::internal, "relation \"canary\" of anna@example.org (SQLSTATE 42P01)");
    };
    const auto reply = world.get("/readyz");
    CHECK(reply.status == 500);
    const std::string id = reply.header("X-Request-Id");
    CHECK(reply.body.find(id) != std::string::npos);
    world.fail = [] { throw std::runtime_error("canary anna@example.org"); };
    const auto other = world.get("/api/health-check");
    CHECK(other.status == 500);
    const std::string log = world.log.text();
    CHECK(log.find("error health_request_failed request=" + id +
                   " endpoint=readyz status=500 code=internal sqlstate=42P01\n") != std::string::npos);
    for (const std::string& text : {log, reply.body, other.body}) {
        CHECK(text.find("canary") == std::string::npos);
        CHECK(text.find("anna") == std::string::npos);
    }
}

TEST_CASE("health server: it knows whether it answers", "[ops]") {
    World world;
    CHECK(world.server.answers());
    world.fail = [] { throw std::runtime_error("no"); };
    CHECK_FALSE(world.server.answers());
}

TEST_CASE("health server: a UNIX socket answers as TCP does", "[ops]") {
    const testing::TemporaryFolder folder;
    const World world({}, "unix:" + folder / "s");
    CHECK(world.server.address() == "unix:" + folder / "s");
    CHECK(world.get("/livez").status == 200);
    CHECK(world.server.answers());
}

TEST_CASE("health server: draining finishes what was begun and takes no more", "[ops]") {
    World world;
    const HttpConnection begun(world.server.address());
    begun.send("GET /livez HTTP/1.1\r\nHost: a\r\n");
    REQUIRE(testing::eventually([&] { return world.server.connections() == 1; }));
    std::thread drain([&] { world.server.drain(longest_wait()); });
    while (world.get("/livez").status != 0) continue;
    begun.send("\r\n");
    const auto reply = begun.read();
    CHECK(reply.status == 200);
    CHECK(reply.header("Connection") == "close");
    drain.join();
    CHECK_FALSE(world.server.answers());
}

TEST_CASE("health server: draining waits for nobody longer than it may", "[ops]") {
    World world;
    const HttpConnection begun(world.server.address());
    begun.send("GET /livez HTTP/1.1\r\nHost: a\r\n");
    REQUIRE(testing::eventually([&] { return world.server.connections() == 1; }));
    // One waits for as long as it takes, and one that comes after it for a moment: that one is done first.
    std::atomic<bool> long_one_is_done = false;
    std::jthread long_one([&] {
        world.server.drain(std::chrono::hours{1});
        long_one_is_done = true;
    });
    while (world.get("/livez").status != 0) continue;
    world.server.drain(std::chrono::milliseconds{200});
    CHECK_FALSE(long_one_is_done);
    begun.send("\r\n");
    CHECK(begun.read().status == 200);
    long_one.join();
}

TEST_CASE("health metrics: requests are counted by endpoint and code alone", "[ops]") {
    const World world;
    static_cast<void>(world.get("/nobody/anna@example.org"));
    static_cast<void>(world.get("/livez"));
    static_cast<void>(world.get("/livez"));
    CHECK(world.metric("findme_http_requests_total{code=\"200\",endpoint=\"livez\"}") == 2);
    CHECK(world.metric("findme_http_requests_total{code=\"404\",endpoint=\"other\"}") == 1);
    CHECK(world.get("/metrics").body.find("anna") == std::string::npos);
}

TEST_CASE("health metrics: each sample follows its HELP and TYPE, and counters end in _total", "[ops]") {
    ops::Metrics metrics;
    metrics.count_request(ops::Endpoint::readyz, 503);
    ops::HealthView view;
    view.database.connected = true;
    view.database.counts.emplace();
    view.database.counts->faces = 7;
    view.models.emplace(1);
    view.models->front().model.id = "m";
    const std::string text = metrics.render(view, 3);
    CHECK(text.ends_with("\n"));
    CHECK(text.find("findme_faces 7\n") != std::string::npos);
    CHECK(text.find("findme_users") == std::string::npos);
    std::istringstream lines(text);
    std::string line;
    std::string family;
    std::string type;
    while (std::getline(lines, line)) {
        CAPTURE(line);
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
        } else if (line.starts_with("# TYPE ")) {
            REQUIRE(line.starts_with("# TYPE " + family + " "));
            type = line.substr(line.rfind(' ') + 1);
            CHECK(family.ends_with("_total") == (type == "counter"));
        } else {
            CHECK(line.substr(0, line.find_first_of("{ ")) == family);
        }
    }
    view.database = {};
    const std::string down = metrics.render(view, 0);
    CHECK(down.find("findme_database_up 0\n") != std::string::npos);
    CHECK(down.find("findme_faces") == std::string::npos);
}
