#include "db/retry.hpp"

#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "findme/error.hpp"

namespace findme::db {
namespace {

constexpr int kRepeats = 5;
constexpr std::chrono::milliseconds kFirstDelay{200};

bool may_repeat(const ErrorInfo& error, IfInDoubt if_in_doubt) {
    if (error.in_doubt) return if_in_doubt == IfInDoubt::repeat;
    return error.retry == Retry::now;
}

/// Twice as long every time, and not for all who were thrown back by the same cause at the same moment.
std::chrono::milliseconds delay(int repeat) {
    std::random_device random;
    const auto longest = kFirstDelay.count() << repeat;
    std::uniform_int_distribution<std::int64_t> jitter(longest / 2, longest);
    return std::chrono::milliseconds{jitter(random)};
}

/// Tells the log of retries, and of a database that went away and came back meanwhile.
class Reporter {
  public:
    explicit Reporter(const Database& database) : database_(database) {}

    void on_retry(const ErrorInfo& error, int repeat, std::chrono::milliseconds wait) {
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

void run_retrying(Database& database, const std::function<void(Connection&)>& work, IfInDoubt if_in_doubt) {
    Reporter reporter(database);
    for (int repeat = 0;; ++repeat) {
        std::chrono::milliseconds wait{0};
        try {
            const auto connection = database.connect();
            work(*connection);
            return reporter.on_success();
        } catch (const Error& error) {
            if (repeat == kRepeats || !may_repeat(error.info(), if_in_doubt)) throw;
            wait = delay(repeat);
            reporter.on_retry(error.info(), repeat, wait);
        }
        std::this_thread::sleep_for(wait);
    }
}

}  // namespace findme::db
