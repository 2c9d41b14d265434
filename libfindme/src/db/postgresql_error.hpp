#pragma once

#include <string>
#include <string_view>

#include "findme/error.hpp"

namespace findme::db {

/// What is known when PostgreSQL refuses something, or is no longer there.
struct PostgresqlFailure {
    std::string sqlstate;  ///< Five characters; empty when no server said anything.
    std::string says;      ///< The server's or libpq's text, verbose form.
    bool connection_lost = false;
    bool in_doubt = false;  ///< What was asked for may have been done all the same.
};

/// The current exception, if it is one of libpqxx's; rethrown if not.
[[nodiscard]] PostgresqlFailure current_postgresql_failure();

/// The failure in findme's vocabulary, as one sentence about `database` (safe to print). Values of rows,
/// which the server quotes in details, never get into it.
[[nodiscard]] ErrorInfo to_error_info(const PostgresqlFailure& failure, const std::string& database);

/// The failure of a connection attempt, of which libpq tells nothing but a text.
[[nodiscard]] ErrorInfo connect_error_info(const std::string& says, const std::string& database);

}  // namespace findme::db
