#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace findme::image {

/// A whole file or a part of one, borrowed for the call.
using Bytes = std::span<const std::uint8_t>;

/// True when `bytes` holds exactly `text` at `offset`; false, not undefined, where it is too short.
[[nodiscard]] inline bool has_text(Bytes bytes, std::size_t offset, std::string_view text) {
    if (offset > bytes.size() || bytes.size() - offset < text.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (bytes[offset + i] != static_cast<std::uint8_t>(text[i])) return false;
    return true;
}

// Precondition of the readers: offset + size of the value <= bytes.size().

[[nodiscard]] inline std::uint32_t read_u16_be(Bytes bytes, std::size_t offset) {
    return static_cast<std::uint32_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

[[nodiscard]] inline std::uint32_t read_u32_be(Bytes bytes, std::size_t offset) {
    return read_u16_be(bytes, offset) << 16 | read_u16_be(bytes, offset + 2);
}

[[nodiscard]] inline std::uint32_t read_u32_le(Bytes bytes, std::size_t offset) {
    return static_cast<std::uint32_t>(bytes[offset]) | static_cast<std::uint32_t>(bytes[offset + 1]) << 8 |
           static_cast<std::uint32_t>(bytes[offset + 2]) << 16 |
           static_cast<std::uint32_t>(bytes[offset + 3]) << 24;
}

}  // namespace findme::image
