#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "findme/image.hpp"
#include "support/make_heif.hpp"
#include "support/make_image.hpp"
#include "support/slow.hpp"

using namespace findme;
using namespace findme::testing;

namespace {

std::vector<ByteVector> samples() {
    const Image image = make_picture(40, 33);
    const Image strip = make_picture(40, 16);  // One strip of a TIFF.
    const ByteVector exif = make_exif({.orientation = 1, .original = "2024:05:31 18:04:59"});
    std::vector<ByteVector> all = {jpeg_with_exif(make_jpeg(image), exif),
                                   make_jpeg(image, JpegKind::progressive),
                                   make_jpeg(image, JpegKind::adobe_cmyk),
                                   make_jpeg(image, JpegKind::arithmetic),
                                   make_png(image, PngKind::rgb, exif),
                                   make_png(image, PngKind::interlaced_rgba),
                                   make_png(image, PngKind::palette),
                                   make_webp(image, WebpKind::lossy, exif),
                                   make_webp(image, WebpKind::lossless),
                                   make_webp(image, WebpKind::lossless_rgba),
                                   make_tiff(image, TiffKind::rgb, 1, "2024:05:31 18:04:59"),
                                   make_tiff(image, TiffKind::tiled),
                                   make_tiff(image, TiffKind::lzw),
                                   make_tiff(image, TiffKind::deflate),
                                   make_tiff(image, TiffKind::packbits),
                                   make_tiff(image, TiffKind::planar),
                                   make_tiff(image, TiffKind::jpeg),
                                   tiff_with_pixels_last(make_tiff(strip, TiffKind::rgb)),
                                   tiff_with_pixels_last(make_tiff(strip, TiffKind::lzw)),
                                   tiff_with_pixels_last(make_tiff(strip, TiffKind::deflate)),
                                   tiff_with_pixels_last(make_tiff(strip, TiffKind::packbits)),
                                   tiff_with_pixels_last(make_tiff(strip, TiffKind::jpeg))};
    if (can_encode(HeifCoding::hevc)) {
        const Image wide = make_picture(72, 64);
        all.push_back(make_heif(wide, HeifCoding::hevc, {clap(72, 64, 1, 1, 71, 63), irot(1)}, exif));
        all.push_back(make_tiled_heif(wide, {imir(0)}));
        HeifFile file;
        file.add_picture(encode_picture(wide));
        file.links.push_back(
            {"auxl", file.add_picture(encode_picture(wide, HeifCoding::hevc_grey), {alpha_mark()}), {1}});
        all.push_back(file.bytes());
    }
    if (can_encode(HeifCoding::av1)) all.push_back(make_heif(make_picture(64, 64), HeifCoding::av1));
    return all;
}

/// Where a file is cut: everywhere in its headers and near its end, now and then in the pixels between them.
std::vector<std::size_t> cuts_of(const ByteVector& whole) {
    constexpr std::size_t kHead = 300;
    constexpr std::size_t kTail = 40;
    constexpr std::size_t kStep = 7;
    std::vector<std::size_t> cuts;
    for (std::size_t size = 0; size < whole.size(); ++size)
        if (full_size() || size < kHead || size % kStep == 0 || size + kTail >= whole.size())
            cuts.push_back(size);
    return cuts;
}

ImageLimits small_limits() {
    ImageLimits limits;
    limits.max_side_px = 4000;
    limits.max_pixels = 1'000'000;
    return limits;
}

}  // namespace

TEST_CASE("image: a file cut anywhere is refused or is the full picture, never half of it", "[image]") {
    for (const ByteVector& whole : samples()) {
        const Image full = decode_image(whole, {}).value().image;
        for (const std::size_t size : cuts_of(whole)) {
            // An own buffer of exactly this size lets the address sanitizer see a read past the end.
            const ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            const auto result = decode_image(cut, {});
            if (result.ok() && result->image.pixels != full.pixels)
                FAIL("cut at " << size << " of " << whole.size() << " gave another picture");
            if (!result.ok() && size >= 16 && result.error().code != ErrorCode::image_malformed)
                FAIL("cut at " << size << " of " << whole.size() << ": " << result.error().message);
        }
    }
}

TEST_CASE("image: flipped bits never crash, and what decodes has the size its header says", "[image]") {
    std::mt19937 random(20240531);
    const auto limits = small_limits();
    for (const ByteVector& whole : samples()) {
        for (int round = 0; round < 400; ++round) {
            ByteVector flipped = whole;
            const auto flips = 1 + random() % 4;
            // Half of the rounds aim at the first bytes, where the headers are.
            const std::size_t reach =
                round % 2 == 0 ? std::min<std::size_t>(whole.size(), 300) : whole.size();
            for (unsigned i = 0; i < flips; ++i)
                flipped[random() % reach] ^= static_cast<std::uint8_t>(1U << random() % 8);
            const auto result = decode_image(flipped, limits);
            if (!result.ok()) {
                if (result.error().code == ErrorCode::internal) FAIL(result.error().message);
                if (result.error().message.empty()) FAIL("an error without a message");
                continue;
            }
            const auto& header = result->header;
            const auto& image = result->image;
            if (image.pixels.size() != image.stride_bytes() * static_cast<std::size_t>(image.height_px) ||
                image.width_px != (header.orientation >= 5 ? header.height_px : header.width_px))
                FAIL("round " << round << " decoded to a picture of the wrong size");
        }
    }
}
