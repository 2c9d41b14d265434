#pragma once

#include <cstdint>

#include "image/bytes.hpp"

namespace findme::image {

/// Big-endian fields, front to back. A field past the end is zero and leaves the reader not ok, for good: a
/// parser reads on and asks once.
class ByteReader {
  public:
    explicit ByteReader(Bytes bytes) : rest_(bytes) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] Bytes rest() const { return rest_; }

    /// @param size_bytes  0 to 8; 0 reads nothing and gives 0.
    std::uint64_t number(std::size_t size_bytes) {
        std::uint64_t value = 0;
        for (const std::uint8_t byte : take(size_bytes)) value = value << 8U | byte;
        return value;
    }
    std::uint32_t u8() { return static_cast<std::uint32_t>(number(1)); }
    std::uint32_t u16() { return static_cast<std::uint32_t>(number(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }

    /// The next `size_bytes`; nothing of them where there are fewer.
    Bytes take(std::uint64_t size_bytes) {
        if (!ok_ || size_bytes > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const Bytes taken = rest_.first(static_cast<std::size_t>(size_bytes));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

  private:
    Bytes rest_;
    bool ok_ = true;
};

}  // namespace findme::image
