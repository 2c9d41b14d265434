#include "image/exif_tags.hpp"

#include <exception>
#include <exiv2/error.hpp>
#include <exiv2/exif.hpp>
#include <mutex>

namespace findme::image {
namespace {

// EXIF 2.32, section 4.6. OffsetTime* are newer than Exiv2's names for them in some releases, so tags go by
// number.
constexpr std::uint16_t kTagOrientation = 0x0112;
constexpr std::uint16_t kTagDateTimeOriginal = 0x9003;
constexpr std::uint16_t kTagDateTimeDigitized = 0x9004;
constexpr std::uint16_t kTagOffsetTimeOriginal = 0x9011;
constexpr std::uint16_t kTagOffsetTimeDigitized = 0x9012;

void silence_exiv2() {
    static std::once_flag once;
    std::call_once(once, [] { Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute); });
}

std::string text_of(const Exiv2::ExifData& data, std::uint16_t tag) {
    const auto found = data.findKey(Exiv2::ExifKey(tag, "Photo"));
    return found == data.end() ? std::string() : found->toString();
}

ExifTags read_exif_tags(Bytes block) {
    silence_exiv2();
    try {
        Exiv2::ExifData data;
        Exiv2::ExifParser::decode(data, block.data(), static_cast<std::uint32_t>(block.size()));

        ExifTags tags;
        const auto orientation = data.findKey(Exiv2::ExifKey(kTagOrientation, "Image"));
        if (orientation != data.end() && orientation->count() > 0) tags.orientation = orientation->toLong();
        tags.original = {text_of(data, kTagDateTimeOriginal), text_of(data, kTagOffsetTimeOriginal)};
        tags.digitized = {text_of(data, kTagDateTimeDigitized), text_of(data, kTagOffsetTimeDigitized)};
        return tags;
    } catch (const std::exception&) {
        // Exiv2 throws for damage of every kind, out-of-memory from absurd counts included; all mean "no
        // facts".
        return {};
    }
}

}  // namespace
}  // namespace findme::image

extern "C" {
[[gnu::visibility("default")]] extern const findme::image::ExifReader findme_exif_part;
const findme::image::ExifReader findme_exif_part{{FINDME_VERSION}, findme::image::read_exif_tags};
}
