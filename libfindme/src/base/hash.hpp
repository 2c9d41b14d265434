#pragma once

#include <cstdint>
#include <span>

#include "findme/ids.hpp"

namespace findme::base {

/// SHA-256 of `bytes`. Thread-safe.
[[nodiscard]] ContentHash sha256(std::span<const std::uint8_t> bytes);

}  // namespace findme::base
