#pragma once

#include <cstdint>

#include "image/bytes.hpp"

namespace findme::image {

/// Bits of a coded picture's header, highest first. Past the end they are zero and the reader is not ok, for
/// good.
class BitReader {
  public:
    explicit BitReader(Bytes bytes) : bytes_(bytes) {}

    [[nodiscard]] bool ok() const { return ok_; }

    /// @param count  0 to 32.
    std::uint32_t bits(unsigned count) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < count; ++i) value = value << 1U | bit();
        return value;
    }
    bool flag() { return bit() != 0; }
    void skip(unsigned count) {
        for (unsigned i = 0; i < count; ++i) bit();
    }

    /// HEVC's ue(v), which is AV1's uvlc() too; not ok from 2^31 on.
    std::uint32_t golomb() {
        unsigned zeros = 0;
        while (ok_ && !flag()) ++zeros;
        if (zeros > 30) ok_ = false;
        return ok_ ? (1U << zeros) - 1 + bits(zeros) : 0;
    }

  private:
    std::uint32_t bit() {
        if (at_ / 8 >= bytes_.size()) ok_ = false;
        if (!ok_) return 0;
        const std::uint32_t value = bytes_[at_ / 8] >> (7 - at_ % 8) & 1U;
        ++at_;
        return value;
    }

    Bytes bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace findme::image
