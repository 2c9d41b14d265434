#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "findme/image.hpp"

// Small pictures and their files, made in code so that each test says what its input is.

namespace findme::testing {

using ByteVector = std::vector<std::uint8_t>;

/// A smooth picture whose four corners have different colours: no two orientations of it look alike.
[[nodiscard]] Image make_picture(int width_px, int height_px);

/// The same with grain, up to `strength` levels: a JPEG of it has coefficients everywhere.
[[nodiscard]] Image make_grainy_picture(int width_px, int height_px, int strength = 40);

/// `image` as a camera stores it under an EXIF orientation: decoding turns it back.
[[nodiscard]] Image stored_under(const Image& image, int orientation);

/// Mean and largest absolute difference over all bytes; 256 for both where the sizes differ.
struct Difference {
    double mean = 256;
    int largest = 256;
};
[[nodiscard]] Difference difference(const Image& a, const Image& b);

struct ExifFields {
    int orientation = 1;
    std::string original = {};         ///< DateTimeOriginal, left out when empty.
    std::string original_offset = {};  ///< OffsetTimeOriginal, left out when empty.
    std::string digitized = {};        ///< DateTimeDigitized, left out when empty.
};
/// A little-endian EXIF block, without `Exif\0\0`.
[[nodiscard]] ByteVector make_exif(const ExifFields& fields);

enum class JpegKind { baseline, progressive, gray, adobe_cmyk, plain_cmyk, arithmetic, two_channels };
/// Quality 95, 4:4:4.
[[nodiscard]] ByteVector make_jpeg(const Image& image, JpegKind kind = JpegKind::baseline);
/// What the encoder of a sequential JPEG can be asked for.
struct JpegOptions {
    int across = 1;  ///< Luma's sampling factors; chroma's are 1.
    int down = 1;
    int quality = 92;
    int restart_interval = 0;  ///< In MCUs; 0 for none.
    bool optimised = false;    ///< Huffman tables made for the picture.
    bool gray = false;
};
[[nodiscard]] ByteVector make_jpeg(const Image& image, const JpegOptions& options);
[[nodiscard]] ByteVector jpeg_with_exif(const ByteVector& jpeg, const ByteVector& exif);
/// The last scan of a JPEG `count` times more.
[[nodiscard]] ByteVector jpeg_with_repeated_scan(const ByteVector& jpeg, int count);
/// The JPEG with the dimensions in its frame header replaced.
[[nodiscard]] ByteVector jpeg_declaring(ByteVector jpeg, int width_px, int height_px);

/// rgba and gray_trns are half transparent: alpha 128 everywhere, and gray 0 transparent.
enum class PngKind { rgb, rgb16, gray, gray_trns, palette, rgba, interlaced, interlaced_rgba };
[[nodiscard]] ByteVector make_png(const Image& image, PngKind kind = PngKind::rgb,
                                  const ByteVector& exif = {});
/// The PNG with the dimensions in its IHDR replaced and that chunk's checksum put right.
[[nodiscard]] ByteVector png_declaring(ByteVector png, std::uint32_t width_px, std::uint32_t height_px);

/// rgba has alpha 128 everywhere.
enum class WebpKind { lossy, lossless, lossless_rgba, animated };
[[nodiscard]] ByteVector make_webp(const Image& image, WebpKind kind = WebpKind::lossy,
                                   const ByteVector& exif = {});

/// rgba has straight alpha 128 everywhere.
enum class TiffKind {
    rgb,
    rgb16,
    gray,
    gray16,
    white_is_zero,
    rgba,
    palette,
    cmyk,
    planar,
    tiled,
    deflate,
    lzw,
    packbits,
    jpeg,
    float32,
    fax4,
    lab,
    dng,
    thumbnail
};
[[nodiscard]] ByteVector make_tiff(const Image& image, TiffKind kind = TiffKind::rgb, int orientation = 1,
                                   const std::string& date_time_original = {});
/// The TIFF, of one strip, with its pixels moved behind its directory, so that cutting the file cuts pixels.
[[nodiscard]] ByteVector tiff_with_pixels_last(ByteVector tiff);

}  // namespace findme::testing
