#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "db/connection.hpp"

namespace findme::db {

/// What to do when the answer to a commit was lost, so that nobody knows whether it took place.
enum class IfInDoubt {
    stop,    ///< The error, with `in_doubt`, goes to the caller.
    repeat,  ///< Only for work that makes the same rows when it is done twice.
};

/// How long one waits before each repeat, at most: each time twice as long, up to five seconds, and
/// `patience` in all. It is half of that at least, by chance.
[[nodiscard]] std::vector<std::chrono::milliseconds> waits_between_tries(std::chrono::milliseconds patience);

/// Runs `work` on a connection of its own, and again from the beginning, on a new connection, when the
/// database undid all of it for a reason that passes (Retry::now: a deadlock, a server that restarts), until
/// waits_between_tries(the database's patience) are used up. Only waiting counts, and not how long the tries
/// take: a busy machine does not try less often.
/// @param work  whole transactions; what it filled in an earlier run it must first empty.
/// @errors throws the last Error.
void run_retrying(Database& database, const std::function<void(Connection&)>& work,
                  IfInDoubt if_in_doubt = IfInDoubt::stop);

/// The same for work that returns something.
template <typename Work>
[[nodiscard]] auto fetch_retrying(Database& database, const Work& work,
                                  IfInDoubt if_in_doubt = IfInDoubt::stop) {
    std::optional<std::invoke_result_t<Work, Connection&>> value;
    run_retrying(
        database, [&](Connection& connection) { value.emplace(work(connection)); }, if_in_doubt);
    return std::move(*value);
}

}  // namespace findme::db
