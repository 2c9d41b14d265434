#include "db/retry.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "findme/error.hpp"

namespace findme::db {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{200};
constexpr milliseconds kLongestWait{5000};

bool may_repeat(const ErrorInfo& error, IfInDoubt if_in_doubt) {
    if (error.in_doubt) return if_in_doubt == IfInDoubt::repeat;
    return error.retry == Retry::now;
}

/// Not for all who were thrown back by the same cause at the same moment.
milliseconds jittered(milliseconds longest) {
    std::random_device random;
    std::uniform_int_distribution<std::int64_t> jitter(longest.count() / 2, longest.count());
    return milliseconds{jitter(random)};
}

/// Tells the log of retries, and of a database that went away and came back meanwhile.
class Reporter {
  public:
    explicit Reporter(const Database& database) : database_(database) {}

    void on_retry(const ErrorInfo& error, std::size_t repeat, milliseconds wait) {
        if (error.code == ErrorCode::store_unreachable && !lost_) {
            lost_ = true;
            write("database_lost", {});
        }
        write("database_retry", {{"code", std::string(to_string(error.code))},
                                 {"try", std::to_string(repeat + 2)},
                                 {"wait_ms", std::to_string(wait.count())}});
    }
    void on_success() {
        if (lost_) write("database_regained", {});
    }

  private:
    void write(std::string_view event, const std::vector<LogField>& fields) {
        if (database_.log() != nullptr) database_.log()->write(LogLevel::warning, event, fields);
    }

    const Database& database_;
    bool lost_ = false;
};

}  // namespace

std::vector<milliseconds> waits_between_tries(milliseconds patience) {
    std::vector<milliseconds> waits;
    milliseconds next = kFirstWait;
    while (patience.count() > 0) {
        waits.push_back(std::min(next, patience));
        patience -= waits.back();
        next = std::min(2 * next, kLongestWait);
    }
    return waits;
}

void run_retrying(Database& database, const std::function<void(Connection&)>& work, IfInDoubt if_in_doubt) {
    Reporter reporter(database);
    const auto waits = waits_between_tries(database.patience());
    for (std::size_t repeat = 0;; ++repeat) {
        milliseconds wait{0};
        try {
            const auto connection = database.connect();
            work(*connection);
            return reporter.on_success();
        } catch (const Error& error) {
            if (repeat == waits.size() || !may_repeat(error.info(), if_in_doubt)) throw;
            wait = jittered(waits[repeat]);
            reporter.on_retry(error.info(), repeat, wait);
        }
        std::this_thread::sleep_for(wait);
    }
}

}  // namespace findme::db
