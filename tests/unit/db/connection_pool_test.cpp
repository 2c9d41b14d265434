#include "db/connection_pool.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <thread>

#include "findme/error.hpp"

using namespace findme;
using db::Connection;
using db::ConnectionPool;
using db::PoolOptions;

namespace {

struct Counts {
    std::atomic<int> made{0};
    std::atomic<int> closed{0};
    std::atomic<int> reset{0};
    std::atomic<bool> refuse{false};
};

/// A connection to nothing.
class FakeConnection final : public db::PooledConnection {
  public:
    explicit FakeConnection(Counts& counts) : counts_(counts) {
        if (counts.refuse) throw Error(ErrorCode::store_unreachable, "no server");
        ++counts.made;
    }
    FakeConnection(const FakeConnection&) = delete;
    FakeConnection& operator=(const FakeConnection&) = delete;
    ~FakeConnection() override { ++counts_.closed; }
    [[nodiscard]] db::Dialect dialect() const override { return db::Dialect::sqlite; }
    std::int64_t run(std::string_view /*sql*/, std::span<const db::Value> /*parameters*/,
                     const db::RowVisitor& /*visit*/) override {
        return 0;
    }
    void run_script(std::string_view /*sql*/) override {}
    void begin(db::Access /*access*/) override {}
    void commit() override {}
    void roll_back() override {}
    [[nodiscard]] std::unique_ptr<db::NamedLock> try_lock(std::string_view /*name*/) override {
        return nullptr;
    }
    [[nodiscard]] std::unique_ptr<db::NamedLock> try_shared_lock(std::string_view /*name*/) override {
        return nullptr;
    }
    Timestamp now() override { return {}; }
    bool scrub() override { return true; }
    [[nodiscard]] bool reset() noexcept override {
        ++counts_.reset;
        return resets_;
    }
    [[nodiscard]] bool is_alive() noexcept override { return alive_; }

    bool resets_ = true;
    bool alive_ = true;

  private:
    Counts& counts_;
};

FakeConnection& fake(const std::shared_ptr<Connection>& connection) {
    return dynamic_cast<FakeConnection&>(*connection);
}

std::shared_ptr<ConnectionPool> pool_of(Counts& counts, PoolOptions options) {
    return std::make_shared<ConnectionPool>([&counts] { return std::make_unique<FakeConnection>(counts); },
                                            options);
}

constexpr PoolOptions kSmall{.size = 2, .overflow = 1, .checkout_timeout = std::chrono::milliseconds{20}};

/// Runs `body` in a child process; its answer is the exit status.
int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("pool: a connection is made when it is asked for, and used again", "[db]") {
    Counts counts;
    const auto pool = pool_of(counts, kSmall);
    CHECK(counts.made == 0);
    const Connection* first = pool->take().get();
    CHECK(pool->take().get() == first);
    CHECK(counts.made == 1);
    CHECK(counts.reset == 2);
}

TEST_CASE("pool: the last one given back is the first one taken", "[db]") {
    Counts counts;
    const auto pool = pool_of(counts, kSmall);
    auto a = pool->take();
    auto b = pool->take();
    const Connection* last = a.get();
    b.reset();
    a.reset();
    CHECK(pool->take().get() == last);
}

TEST_CASE(
    "pool: with size 2 and overflow 1, three of sixteen threads get a connection and the others an error",
    "[db]") {
    Counts counts;
    const auto pool = pool_of(counts, kSmall);
    std::atomic<int> served{0};
    std::atomic<int> refused{0};
    std::barrier all_asked(16);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            std::shared_ptr<Connection> connection;
            try {
                connection = pool->take();
                ++served;
            } catch (const Error& error) {
                const auto& info = error.info();
                if (info.code == ErrorCode::pool_exhausted && info.retry == Retry::later) ++refused;
            }
            all_asked.arrive_and_wait();
        });
    }
    threads.clear();
    CHECK(served == 3);
    CHECK(refused == 13);
    CHECK(counts.made == 3);
    // Overflow is closed when it comes back.
    CHECK(counts.closed == 1);
}

TEST_CASE("pool: an exhausted pool says how large it is and what to raise", "[db]") {
    Counts counts;
    const auto pool =
        pool_of(counts, {.size = 1, .overflow = 0, .checkout_timeout = std::chrono::milliseconds{1}});
    const auto held = pool->take();
    try {
        (void)pool->take();
        FAIL("a second connection was given out");
    } catch (const Error& error) {
        for (const char* part : {"(1, and 0 overflow)", "database_pool.size", "database_pool.overflow",
                                 "database_pool.timeout_s"}) {
            CHECK_THAT(error.what(), Catch::Contains(part));
        }
    }
}

TEST_CASE("pool: who waits gets the connection that is given back", "[db]") {
    Counts counts;
    const auto pool =
        pool_of(counts, {.size = 1, .overflow = 0, .checkout_timeout = std::chrono::minutes{1}});
    auto held = pool->take();
    const Connection* the_one = held.get();
    const Connection* taken = nullptr;
    std::jthread waiter([&] { taken = pool->take().get(); });
    held.reset();
    waiter.join();
    CHECK(taken == the_one);
    CHECK(counts.made == 1);
}

TEST_CASE("pool: one that no longer answers is replaced at the next checkout", "[db]") {
    Counts counts;
    const auto pool = pool_of(counts, kSmall);
    {
        const auto a = pool->take();
        const auto b = pool->take();
        fake(a).alive_ = false;
        fake(b).alive_ = false;
    }
    const auto connection = pool->take();
    CHECK(fake(connection).alive_);
    CHECK(counts.made == 3);
    CHECK(counts.closed == 2);
}

TEST_CASE("pool: one that cannot be rolled back is closed", "[db]") {
    Counts counts;
    const auto pool = pool_of(counts, kSmall);
    fake(pool->take()).resets_ = false;
    CHECK(counts.closed == 1);
    CHECK(fake(pool->take()).resets_);
}

TEST_CASE("pool: one that is old is made anew", "[db]") {
    Counts counts;
    const auto pool = pool_of(counts, {.recycle_after = std::chrono::seconds{0}});
    (void)pool->take();
    (void)pool->take();
    CHECK(counts.made == 2);
    CHECK(counts.closed == 1);
}

TEST_CASE("pool: a failed attempt to connect takes no place", "[db]") {
    Counts counts;
    const auto pool = pool_of(counts, kSmall);
    counts.refuse = true;
    for (int i = 0; i < 10; ++i) {
        try {
            (void)pool->take();
            FAIL("a connection was made");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::store_unreachable);
        }
    }
    counts.refuse = false;
    CHECK(pool->take() != nullptr);
}

TEST_CASE("pool: connections may outlive whoever opened it", "[db]") {
    Counts counts;
    auto pool = pool_of(counts, kSmall);
    auto connection = pool->take();
    pool.reset();
    connection->begin(db::Access::read);
    CHECK(counts.closed == 0);
    connection.reset();
    CHECK(counts.closed == 1);
}

TEST_CASE("pool: a child process neither uses nor closes its parent's connections", "[db]") {
    Counts counts;
    auto pool = pool_of(counts, kSmall);
    auto idle = pool->take();
    auto held = pool->take();
    const Connection* parents = idle.get();
    idle.reset();
    const int wrong = in_child([&] {
        const auto own = pool->take();
        int failures = own.get() == parents ? 1 : 0;
        if (counts.made != 3) ++failures;
        held.reset();  // Its parent's: not to be given to anybody here.
        if (pool->take().get() == parents) ++failures;
        if (counts.closed != 0) ++failures;
        return failures;
    });
    CHECK(wrong == 0);
    CHECK(pool->take().get() == parents);
}
