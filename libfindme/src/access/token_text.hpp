#pragma once

#include <string_view>

#include "findme/ids.hpp"
#include "findme/secret.hpp"

/// How a token is written: `fmr_`, which tells scanners of leaked secrets what it is, 43 base62 characters of
/// 256 random bits, and 6 of their CRC-32, so that a mistyped one is noticed without asking anybody.
namespace findme::access {

[[nodiscard]] Secret generate_token();

[[nodiscard]] bool is_well_formed(std::string_view token);

/// What is kept of it. 256 random bits need no slow hash.
[[nodiscard]] ContentHash token_hash(std::string_view token);

}  // namespace findme::access
