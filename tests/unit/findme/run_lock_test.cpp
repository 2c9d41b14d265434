// One run at a time: on every database, between processes and within one.
#include "findme/run_lock.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "findme/error.hpp"
#include "support/patience.hpp"
#include "support/test_database.hpp"

using namespace findme;
using namespace std::chrono_literals;
using testing::available_databases;
using testing::TestDatabase;

namespace {

class Recorder final : public Log {
  public:
    void write(LogLevel /*level*/, std::string_view event, std::span<const LogField> /*fields*/) override {
        const std::lock_guard lock(mutex_);
        ++count_;
        last_ = event;
    }
    [[nodiscard]] int count() {
        const std::lock_guard lock(mutex_);
        return count_;
    }
    [[nodiscard]] std::string last() {
        const std::lock_guard lock(mutex_);
        return last_;
    }

  private:
    std::mutex mutex_;
    int count_ = 0;
    std::string last_;
};

struct Subject {
    Subject() : database(GENERATE(from_range(available_databases()))) {
        config.database_url = database.url();
    }

    [[nodiscard]] RunLock lock(const std::string& name, std::chrono::seconds wait = 0s,
                               std::stop_token stop = {}) {
        return {config, "", {name, "is at the test's work", wait, std::move(stop)}, &log};
    }
    [[nodiscard]] ErrorInfo refusal(const std::string& name, std::chrono::seconds wait = 0s,
                                    std::stop_token stop = {}) {
        try {
            static_cast<void>(lock(name, wait, std::move(stop)));
        } catch (const Error& error) {
            return error.info();
        }
        FAIL("the lock was free");
        return {};
    }

    TestDatabase database;
    Config config;
    Recorder log;
};

}  // namespace

TEST_CASE("run lock: a second run of the same name is refused, naming what runs, until the first ends",
          "[findme]") {
    Subject subject;
    {
        const RunLock first = subject.lock("index-1");
        const ErrorInfo refused = subject.refusal("index-1");
        CHECK(refused.code == ErrorCode::store_locked);
        CHECK(refused.retry == Retry::later);
        CHECK(refused.message.find("another findme is at the test's work") == 0);
        CHECK(refused.message.find("--wait") != std::string::npos);
        CHECK(subject.log.count() == 0);
        const RunLock other = subject.lock("index-2");
    }
    const RunLock again = subject.lock("index-1");
}

TEST_CASE("run lock: a lock that is handed on stays with its new owner", "[findme]") {
    Subject subject;
    std::optional<RunLock> owner;
    {
        RunLock first = subject.lock("index-1");
        owner.emplace(std::move(first));
    }
    CHECK(subject.refusal("index-1").code == ErrorCode::store_locked);
    owner.reset();
    const RunLock again = subject.lock("index-1");
}

TEST_CASE("run lock: a wait that is over says so, and is logged once", "[findme]") {
    Subject subject;
    const RunLock first = subject.lock("token-prune");
    const ErrorInfo refused = subject.refusal("token-prune", 1s);
    CHECK(refused.code == ErrorCode::store_locked);
    CHECK(refused.message.find("for longer than the wait") != std::string::npos);
    CHECK(subject.log.count() == 1);
    CHECK(subject.log.last() == "run_lock_waits");
}

TEST_CASE("run lock: a wait for ever ends when it is stopped", "[findme]") {
    Subject subject;
    const RunLock first = subject.lock("token-prune");
    std::stop_source source;
    std::thread stopper([&] {
        while (subject.log.count() == 0) std::this_thread::yield();
        source.request_stop();
    });
    const ErrorInfo stopped = subject.refusal("token-prune", kWaitForEver, source.get_token());
    stopper.join();
    CHECK(stopped.code == ErrorCode::cancelled);
}

TEST_CASE("run lock: of many who wait one at a time is at work", "[findme]") {
    Subject subject;
    constexpr int kRuns = 6;
    std::atomic<int> at_work{0};
    std::atomic<int> most{0};
    std::atomic<int> done{0};
    std::vector<std::thread> runs;
    for (int i = 0; i < kRuns; ++i) {
        runs.emplace_back([&] {
            const RunLock lock = subject.lock("import", kWaitForEver);
            const int now = ++at_work;
            int before = most;
            while (before < now && !most.compare_exchange_weak(before, now)) {
            }
            ++done;
            --at_work;
        });
    }
    for (auto& run : runs) run.join();
    CHECK(most == 1);
    CHECK(done == kRuns);
}

TEST_CASE("run lock: it goes with a process that is killed", "[findme]") {
    Subject subject;
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const RunLock lock = subject.lock("index-1");
        const char byte = 1;
        if (::write(ready[1], &byte, 1) != 1) _exit(1);
        for (;;) ::pause();
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    CHECK(subject.refusal("index-1").code == ErrorCode::store_locked);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    // A server needs a moment to see that its client is gone.
    const RunLock again = subject.lock("index-1", testing::patience(20s));
}

TEST_CASE("run lock: a database that is not there is not made", "[findme]") {
    const testing::TemporaryFolder folder;
    Config config;
    config.database_url = "sqlite:" + (folder / "none.db");
    CHECK_THROWS_AS(RunLock(config, "", {"index-1", "is at work"}, nullptr), Error);
    CHECK(::access((folder / "none.db").c_str(), F_OK) != 0);
}
