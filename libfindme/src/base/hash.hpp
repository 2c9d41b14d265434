#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "findme/ids.hpp"

namespace findme::base {

/// SHA-256 of `bytes`. Thread-safe.
[[nodiscard]] ContentHash sha256(std::span<const std::uint8_t> bytes);

/// XXH3 of `bytes`: notices damage, not intent; at the speed of memory. Thread-safe.
[[nodiscard]] std::uint64_t checksum(std::span<const std::byte> bytes);

}  // namespace findme::base
