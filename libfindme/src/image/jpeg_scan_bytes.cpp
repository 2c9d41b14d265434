#include "image/jpeg_scan_bytes.hpp"

#include <algorithm>
#include <cstring>

#include "image/jpeg_kernels.hpp"

namespace findme::image {
namespace {

/// Small enough to stay in the first-level cache beside the tables.
constexpr std::size_t kWindowBytes = 8192;
/// A reader may hold 8 bytes that it has not used.
constexpr std::size_t kAhead = 9;

}  // namespace

JpegScanBytes::JpegScanBytes(Bytes bytes)
    : rest_(bytes), window_(kWindowBytes + std::size_t{2} * kMostMcuBytes) {}

const std::uint8_t* JpegScanBytes::begin_segment() {
    used_ = 0;
    marker_ = 0;
    return fill() ? window_.data() : nullptr;
}

const std::uint8_t* JpegScanBytes::slide(const std::uint8_t* at) {
    if (has_end() || at > end()) return nullptr;
    const auto kept = static_cast<std::size_t>(end() - at);
    std::memmove(window_.data(), at, kept);
    used_ = kept;
    return fill() ? window_.data() : nullptr;
}

const std::uint8_t* JpegScanBytes::limit() const {
    // Without an end the window is full, and so larger than any MCU.
    return has_end() ? end() + kAhead : end() - kMostMcuBytes;
}

bool JpegScanBytes::fill() {
    while (used_ < kWindowBytes) {
        const std::size_t most = std::min(kWindowBytes - used_, rest_.size());
        if (most == 0) return false;
        const void* ff = std::memchr(rest_.data(), 0xff, most);
        const std::size_t plain =
            ff == nullptr ? most
                          : static_cast<std::size_t>(static_cast<const std::uint8_t*>(ff) - rest_.data());
        std::memcpy(window_.data() + used_, rest_.data(), plain);
        used_ += plain;
        rest_ = rest_.subspan(plain);
        if (ff == nullptr) continue;
        if (rest_.size() < 2) return false;
        const std::uint8_t next = rest_[1];
        rest_ = rest_.subspan(2);
        if (next != 0) {
            marker_ = next;
            return true;
        }
        window_[used_++] = 0xff;
    }
    return true;
}

}  // namespace findme::image
