#include "db/retry.hpp"

#include <chrono>
#include <random>
#include <thread>

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

}  // namespace

void run_retrying(Database& database, const std::function<void(Connection&)>& work, IfInDoubt if_in_doubt) {
    for (int repeat = 0;; ++repeat) {
        try {
            const auto connection = database.connect();
            return work(*connection);
        } catch (const Error& error) {
            if (repeat == kRepeats || !may_repeat(error.info(), if_in_doubt)) throw;
        }
        std::this_thread::sleep_for(delay(repeat));
    }
}

}  // namespace findme::db
