#include "support/make_raw.hpp"

#include <string>

namespace findme::testing {
namespace {

constexpr unsigned kByte = 1, kText = 2, kShort = 3, kLong = 4;

void put(ByteVector& out, std::uint64_t value, unsigned size_bytes) {
    for (unsigned i = 0; i < size_bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

struct Entry {
    unsigned tag;
    unsigned type;
    unsigned count;
    std::size_t value;  ///< Or where the values are.
};

constexpr std::size_t directory_bytes(std::size_t entries) {
    return 2 + entries * 12 + 4;
}

void put_directory(ByteVector& out, const std::vector<Entry>& entries) {
    put(out, entries.size(), 2);
    for (const Entry& entry : entries) {
        put(out, entry.tag, 2);
        put(out, entry.type, 2);
        put(out, entry.count, 4);
        put(out, entry.value, 4);
    }
    put(out, 0, 4);
}

}  // namespace

ByteVector make_raw(const ByteVector& jpeg, const RawFields& fields) {
    constexpr unsigned kSensorWidth = 96, kSensorHeight = 64;
    const std::string make = "FINDME", model = "FINDME TEST";
    constexpr std::size_t kFirst = 14, kPreview = 9, kSensor = 13;
    const std::size_t first_at = 8;
    const std::size_t preview_at = first_at + directory_bytes(kFirst);
    const std::size_t sensor_at = preview_at + directory_bytes(kPreview);
    const std::size_t exif_at = sensor_at + directory_bytes(kSensor);
    const bool has_time = !fields.original.empty();
    const std::size_t make_at = exif_at + directory_bytes(1);
    const std::size_t model_at = make_at + make.size() + 1;
    const std::size_t directories_at = model_at + model.size() + 1;
    const std::size_t time_at = directories_at + 8;
    const std::size_t thumbnail_at = time_at + 20;
    const std::size_t thumbnail_bytes = 16 * 12 * 3;
    const std::size_t jpeg_at = thumbnail_at + thumbnail_bytes;
    const std::size_t samples_at = jpeg_at + jpeg.size();
    const auto side = [&](bool width) {
        return static_cast<std::size_t>(width ? fields.preview_width_px : fields.preview_height_px);
    };

    ByteVector out{'I', 'I', 42, 0};
    put(out, first_at, 4);
    // A thumbnail first, as cameras write it, and what is larger in the directories below.
    put_directory(out, {{0x00fe, kLong, 1, 1},
                        {0x0100, kLong, 1, 16},
                        {0x0101, kLong, 1, 12},
                        {0x0103, kShort, 1, 1},
                        {0x0106, kShort, 1, 2},
                        {0x010f, kText, static_cast<unsigned>(make.size() + 1), make_at},
                        {0x0110, kText, static_cast<unsigned>(model.size() + 1), model_at},
                        {0x0111, kLong, 1, thumbnail_at},
                        {0x0112, kShort, 1, static_cast<std::size_t>(fields.orientation)},
                        {0x0115, kShort, 1, 3},
                        {0x0117, kLong, 1, thumbnail_bytes},
                        {0x014a, kLong, 2, directories_at},
                        {0x8769, kLong, 1, exif_at},
                        {0xc612, kByte, 4, 0x0401}});
    put_directory(out, {{0x00fe, kLong, 1, 1},
                        {0x0100, kLong, 1, side(true)},
                        {0x0101, kLong, 1, side(false)},
                        {0x0102, kShort, 1, 8},
                        {0x0103, kShort, 1, 7},
                        {0x0106, kShort, 1, 6},
                        {0x0111, kLong, 1, jpeg_at},
                        {0x0115, kShort, 1, 3},
                        {0x0117, kLong, 1, jpeg.size()}});
    put_directory(out, {{0x00fe, kLong, 1, 0},
                        {0x0100, kLong, 1, kSensorWidth},
                        {0x0101, kLong, 1, kSensorHeight},
                        {0x0102, kShort, 1, 16},
                        {0x0103, kShort, 1, 1},
                        {0x0106, kShort, 1, 32803},
                        {0x0111, kLong, 1, samples_at},
                        {0x0115, kShort, 1, 1},
                        {0x0116, kLong, 1, kSensorHeight},
                        {0x0117, kLong, 1, std::size_t{kSensorWidth} * kSensorHeight * 2},
                        {0x011c, kShort, 1, 1},
                        {0x828d, kShort, 2, 0x00020002},
                        {0x828e, kByte, 4, 0x02010100}});
    put_directory(out, {has_time ? Entry{0x9003, kText, 20, time_at} : Entry{0x9000, 7, 4, 0x30333230}});
    for (const std::string& text : {make, model}) {
        out.insert(out.end(), text.begin(), text.end());
        out.push_back(0);
    }
    put(out, preview_at, 4);
    put(out, sensor_at, 4);
    std::string time = fields.original;
    time.resize(20);
    out.insert(out.end(), time.begin(), time.end());
    out.resize(jpeg_at, 90);
    out.insert(out.end(), jpeg.begin(), jpeg.end());
    out.resize(samples_at + std::size_t{kSensorWidth} * kSensorHeight * 2, 8);
    return out;
}

}  // namespace findme::testing
