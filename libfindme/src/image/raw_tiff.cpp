#include "image/raw_tiff.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace findme::image {
namespace {

using namespace std::string_view_literals;

// TIFF 6.0, TIFF/EP and DNG 1.4.
constexpr std::uint32_t kNewSubfileType = 0x00fe;
constexpr std::uint32_t kPhotometric = 0x0106;
constexpr std::uint32_t kSubIfds = 0x014a;
constexpr std::uint32_t kDngVersion = 0xc612;
constexpr std::uint32_t kColourFilterArray = 32803;
constexpr std::uint32_t kLinearRaw = 34892;

struct Entry {
    std::uint32_t tag = 0;
    std::uint32_t type = 0;
    std::uint32_t count = 0;
    std::uint32_t value = 0;  ///< Or where the values are.
};

/// A classic TIFF's directories. No raw photo is a BigTIFF.
class Directories {
  public:
    explicit Directories(Bytes bytes) : bytes_(bytes), little_(has_text(bytes, 0, "II"sv)) {}

    [[nodiscard]] std::uint32_t first() const { return u32(4); }

    [[nodiscard]] std::vector<Entry> entries(std::size_t at) const {
        constexpr std::uint32_t kMostEntries = 512;  // Cameras write some fifty.
        std::vector<Entry> all;
        const std::uint32_t count = std::min(u16(at), kMostEntries);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t entry = at + 2 + i * 12;
            Entry one{.tag = u16(entry), .type = u16(entry + 2), .count = u32(entry + 4), .value = 0};
            constexpr std::uint32_t kShort = 3;
            one.value = one.type == kShort && one.count == 1 ? u16(entry + 8) : u32(entry + 8);
            all.push_back(one);
        }
        return all;
    }

    /// The directories that a SubIFDs entry names.
    [[nodiscard]] std::vector<std::uint32_t> below(const Entry& entry) const {
        constexpr std::uint32_t kMostDirectories = 16;
        if (entry.count == 1) return {entry.value};
        std::vector<std::uint32_t> all;
        for (std::size_t i = 0; i < std::min(entry.count, kMostDirectories); ++i)
            all.push_back(u32(std::size_t{entry.value} + i * 4));
        return all;
    }

  private:
    [[nodiscard]] std::uint32_t u16(std::size_t at) const {
        if (at > bytes_.size() || bytes_.size() - at < 2) return 0;
        return little_ ? static_cast<std::uint32_t>(bytes_[at] | bytes_[at + 1] << 8)
                       : read_u16_be(bytes_, at);
    }
    [[nodiscard]] std::uint32_t u32(std::size_t at) const {
        if (at > bytes_.size() || bytes_.size() - at < 4) return 0;
        return little_ ? read_u32_le(bytes_, at) : read_u32_be(bytes_, at);
    }

    Bytes bytes_;
    bool little_;
};

bool is_sensor_data(const Entry& entry) {
    return entry.tag == kPhotometric && (entry.value == kColourFilterArray || entry.value == kLinearRaw);
}

}  // namespace

bool is_raw_tiff(Bytes bytes) {
    if (has_text(bytes, 8, "CR\2\0"sv)) return true;  // Canon CR2.
    if (!has_text(bytes, 0, "II*\0"sv) && !has_text(bytes, 0, "MM\0*"sv)) return false;
    const Directories directories(bytes);
    for (const Entry& entry : directories.entries(directories.first())) {
        if (entry.tag == kDngVersion || is_sensor_data(entry)) return true;
        // A thumbnail comes first only where a camera put it; libtiff would show that in the photo's place.
        if (entry.tag == kNewSubfileType && (entry.value & 1U) != 0) return true;
        if (entry.tag != kSubIfds) continue;
        for (const std::uint32_t at : directories.below(entry)) {
            const auto inner = directories.entries(at);
            if (std::any_of(inner.begin(), inner.end(), is_sensor_data)) return true;
        }
    }
    return false;
}

}  // namespace findme::image
