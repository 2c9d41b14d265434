#include "image/exif.hpp"

#include <string>

#include "base/part.hpp"
#include "image/exif_tags.hpp"

namespace findme::image {
namespace {

using namespace std::string_view_literals;

// A JPEG cannot hold more than 64 KiB; PNG and WebP could, but no camera writes it and parsing it takes time.
constexpr std::size_t kMaxBlockBytes = std::size_t{1} << 20U;

const ExifReader& reader() {
    static const auto& loaded = base::load_part<ExifReader>({"exif", "EXIF cannot be read", "Exiv2"});
    return loaded;
}

/// Exactly `digits` decimal digits at `offset`, or -1.
int number_at(std::string_view text, std::size_t offset, std::size_t digits) {
    if (text.size() < offset + digits) return -1;
    int value = 0;
    for (const char c : text.substr(offset, digits)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

/// Minutes east of UTC; 0 where the text is no offset.
std::chrono::minutes parse_offset(std::string_view text) {
    if (text.size() < 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return {};
    const int hours = number_at(text, 1, 2);
    const int minutes = number_at(text, 4, 2);
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return {};
    const std::chrono::minutes size(hours * 60 + minutes);
    return text[0] == '-' ? -size : size;
}

}  // namespace

void require_exif() {
    static_cast<void>(reader());
}

int orientation_or_upright(std::int64_t value) {
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

std::optional<Timestamp> parse_exif_time(std::string_view time, std::string_view offset) {
    // Separators are not checked: cameras write `2024-05-31T...` too, and the digits decide.
    const std::chrono::year_month_day day{std::chrono::year(number_at(time, 0, 4)),
                                          std::chrono::month(static_cast<unsigned>(number_at(time, 5, 2))),
                                          std::chrono::day(static_cast<unsigned>(number_at(time, 8, 2)))};
    const int hour = number_at(time, 11, 2);
    const int minute = number_at(time, 14, 2);
    const int second = number_at(time, 17, 2);
    if (!day.ok() || day.year() < std::chrono::year(1) || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 59)
        return std::nullopt;
    const auto instant = std::chrono::sys_days(day) + std::chrono::hours(hour) +
                         std::chrono::minutes(minute) + std::chrono::seconds(second) - parse_offset(offset);
    // Years are kept with four digits: an offset may push the last and the first instant over the edge.
    constexpr auto kFirst = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
    constexpr auto kEnd = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);
    if (instant < kFirst || instant >= kEnd) return std::nullopt;
    return instant;
}

ExifFacts read_exif(Bytes block) {
    if (has_text(block, 0, "Exif\0\0"sv)) block = block.subspan(6);
    if (block.empty() || block.size() > kMaxBlockBytes) return {};
    const ExifTags tags = reader().read(block);
    ExifFacts facts{orientation_or_upright(tags.orientation),
                    parse_exif_time(tags.original.time, tags.original.offset)};
    if (!facts.captured_at) facts.captured_at = parse_exif_time(tags.digitized.time, tags.digitized.offset);
    return facts;
}

}  // namespace findme::image
