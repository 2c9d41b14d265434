#include "support/make_image.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

namespace findme::testing {
namespace {

void put_u16(ByteVector& out, unsigned value) {
    out.push_back(static_cast<std::uint8_t>(value));
    out.push_back(static_cast<std::uint8_t>(value >> 8));
}

void put_u32(ByteVector& out, std::size_t value) {
    put_u16(out, static_cast<unsigned>(value & 0xffff));
    put_u16(out, static_cast<unsigned>(value >> 16 & 0xffff));
}

/// One IFD whose longer values follow it.
class Directory {
  public:
    explicit Directory(std::size_t offset, unsigned entries) : data_at_(offset + 2 + entries * 12U + 4) {
        put_u16(entries_, entries);
    }
    void add_number(unsigned tag, unsigned type, std::size_t value) {
        put_u16(entries_, tag);
        put_u16(entries_, type);
        put_u32(entries_, 1);
        put_u32(entries_, value);
    }
    void add_text(unsigned tag, const std::string& text) {
        put_u16(entries_, tag);
        put_u16(entries_, 2);
        put_u32(entries_, text.size() + 1);
        put_u32(entries_, data_at_ + data_.size());
        data_.insert(data_.end(), text.begin(), text.end());
        data_.push_back(0);
    }
    [[nodiscard]] ByteVector bytes() const {
        ByteVector out = entries_;
        put_u32(out, 0);  // No next directory.
        out.insert(out.end(), data_.begin(), data_.end());
        return out;
    }

  private:
    std::size_t data_at_;
    ByteVector entries_;
    ByteVector data_;
};

}  // namespace

Image make_picture(int width_px, int height_px) {
    Image image{.width_px = width_px, .height_px = height_px, .pixels = {}};
    for (int y = 0; y < height_px; ++y)
        for (int x = 0; x < width_px; ++x) {
            const double across = width_px > 1 ? double(x) / (width_px - 1) : 0;
            const double down = height_px > 1 ? double(y) / (height_px - 1) : 0;
            image.pixels.push_back(static_cast<std::uint8_t>(std::lround(20 + 200 * across)));
            image.pixels.push_back(static_cast<std::uint8_t>(std::lround(30 + 180 * down)));
            image.pixels.push_back(static_cast<std::uint8_t>(std::lround(220 - 100 * across - 80 * down)));
        }
    return image;
}

Image make_grainy_picture(int width_px, int height_px, int strength) {
    Image image = make_picture(width_px, height_px);
    std::mt19937 random(7);  // Its numbers are the same everywhere, its distributions are not.
    for (auto& value : image.pixels) {
        const int grain = static_cast<int>(random() % static_cast<unsigned>(2 * strength + 1)) - strength;
        value = static_cast<std::uint8_t>(std::clamp(value + grain, 0, 255));
    }
    return image;
}

Image stored_under(const Image& image, int orientation) {
    // EXIF 2.32, tag 0x0112, written out case by case so that it shares no formula with the code under test:
    // where the pixel seen at (x, y) of a W x H picture is stored.
    const int last_x = image.width_px - 1;
    const int last_y = image.height_px - 1;
    const bool turned = orientation >= 5;
    Image out{.width_px = turned ? image.height_px : image.width_px,
              .height_px = turned ? image.width_px : image.height_px,
              .pixels = PixelBytes(image.pixels.size())};
    for (int y = 0; y <= last_y; ++y)
        for (int x = 0; x <= last_x; ++x) {
            int row = y, column = x;
            switch (orientation) {
                case 2:
                    column = last_x - x;
                    break;  // Mirrored left to right.
                case 3:
                    column = last_x - x;
                    row = last_y - y;
                    break;  // Upside down.
                case 4:
                    row = last_y - y;
                    break;  // Mirrored top to bottom.
                case 5:
                    row = x;
                    column = y;
                    break;  // Row 0 is the left side, column 0 the top.
                case 6:
                    row = last_x - x;
                    column = y;
                    break;  // Row 0 is the right side, column 0 the top.
                case 7:
                    row = last_x - x;
                    column = last_y - y;
                    break;  // Row 0 is the right, column 0 the bottom.
                case 8:
                    row = x;
                    column = last_y - y;
                    break;  // Row 0 is the left, column 0 the bottom.
                default:
                    break;
            }
            std::copy_n(image.row(y) + x * 3, 3, out.row(row) + column * 3);
        }
    return out;
}

Difference difference(const Image& a, const Image& b) {
    if (a.width_px != b.width_px || a.height_px != b.height_px || a.pixels.size() != b.pixels.size())
        return {};
    if (a.pixels.empty()) return {0, 0};
    Difference result{0, 0};
    for (std::size_t i = 0; i < a.pixels.size(); ++i) {
        const int one = std::abs(int{a.pixels[i]} - int{b.pixels[i]});
        result.mean += one;
        result.largest = std::max(result.largest, one);
    }
    result.mean /= static_cast<double>(a.pixels.size());
    return result;
}

ByteVector make_exif(const ExifFields& fields) {
    constexpr std::size_t kFirstIfd = 8;
    constexpr std::size_t kExifIfd = kFirstIfd + 2 + 2 * 12 + 4;
    ByteVector out{'I', 'I', 42, 0, kFirstIfd, 0, 0, 0};
    Directory first(kFirstIfd, 2);
    first.add_number(0x0112, 3, static_cast<std::size_t>(fields.orientation));
    first.add_number(0x8769, 4, kExifIfd);
    Directory exif(kExifIfd, static_cast<unsigned>(!fields.original.empty()) +
                                 static_cast<unsigned>(!fields.digitized.empty()) +
                                 static_cast<unsigned>(!fields.original_offset.empty()));
    if (!fields.original.empty()) exif.add_text(0x9003, fields.original);
    if (!fields.digitized.empty()) exif.add_text(0x9004, fields.digitized);
    if (!fields.original_offset.empty()) exif.add_text(0x9011, fields.original_offset);
    for (const ByteVector& part : {first.bytes(), exif.bytes()})
        out.insert(out.end(), part.begin(), part.end());
    return out;
}

}  // namespace findme::testing
