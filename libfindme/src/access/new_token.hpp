#pragma once

#include <chrono>

#include "db/connection.hpp"
#include "findme/token.hpp"

namespace findme::access {

/// A fresh token of the account, in place of all its older ones. Within the caller's writing transaction.
[[nodiscard]] IssuedToken new_token(db::Connection& connection, AccountId account,
                                    std::chrono::minutes lifetime);

}  // namespace findme::access
