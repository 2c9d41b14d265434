#include "image/jpeg_markers.hpp"

#include <algorithm>
#include <cstring>

namespace findme::image {
namespace {

using namespace std::string_view_literals;

constexpr std::uint8_t kStuffed = 0x00;
constexpr std::uint8_t kTem = 0x01;
constexpr std::uint8_t kRst0 = 0xd0;
constexpr std::uint8_t kSoi = 0xd8;
constexpr std::uint8_t kEoi = 0xd9;
constexpr std::uint8_t kSos = 0xda;
constexpr std::uint8_t kApp1 = 0xe1;

bool stands_alone(std::uint8_t marker) {
    return marker == kStuffed || marker == kTem || (marker >= kRst0 && marker <= kSoi);
}

}  // namespace

JpegMarkers walk_jpeg_markers(Bytes bytes) {
    JpegMarkers found;
    std::size_t at = 2;  // Past SOI.
    while (at < bytes.size()) {
        // Between markers lie entropy-coded data or junk; libjpeg skips both to the next 0xff as well.
        const auto* ff =
            static_cast<const std::uint8_t*>(std::memchr(bytes.data() + at, 0xff, bytes.size() - at));
        if (ff == nullptr) break;
        at = static_cast<std::size_t>(ff - bytes.data());
        while (at < bytes.size() && bytes[at] == 0xff) ++at;  // Fill bytes.
        if (at == bytes.size()) break;

        const std::uint8_t marker = bytes[at++];
        if (marker == kEoi) {
            found.has_end = true;
            found.size_bytes = at;
            return found;
        }
        if (stands_alone(marker)) continue;
        if (marker == kSos) ++found.scan_count;
        if (bytes.size() - at < 2) break;
        const std::size_t length = read_u16_be(bytes, at);
        if (length > bytes.size() - at) break;
        // A length below 2 does not even cover itself; libjpeg takes such a segment as empty.
        const Bytes content = length < 2 ? Bytes() : bytes.subspan(at + 2, length - 2);
        if (marker == kApp1 && found.exif.empty() && has_text(content, 0, "Exif\0\0"sv)) found.exif = content;
        at += std::max<std::size_t>(length, 2);
    }
    found.size_bytes = bytes.size();
    return found;
}

}  // namespace findme::image
