#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "findme/image.hpp"
#include "support/make_heif.hpp"
#include "support/make_image.hpp"
#include "support/make_raw.hpp"

using namespace findme;
using namespace findme::testing;

namespace {

const Image& picture() {
    static const Image image = make_picture(67, 45);
    return image;
}

Image decoded(const ByteVector& bytes) {
    return decode_image(bytes, {}).value().image;
}

/// The picture as a format without colour keeps it: red in all channels.
Image red_as_gray(const Image& image) {
    Image out = image;
    for (std::size_t i = 0; i < out.pixels.size(); i += 3)
        out.pixels[i + 1] = out.pixels[i + 2] = out.pixels[i];
    return out;
}

/// The picture at half strength over white paper.
Image half_over_white(const Image& image) {
    Image out = image;
    for (auto& value : out.pixels) value = static_cast<std::uint8_t>((value * 128 + 255 * 127 + 127) / 255);
    return out;
}

}  // namespace

TEST_CASE("image: JPEG of every common kind decodes to the picture", "[image]") {
    for (const auto kind : {JpegKind::baseline, JpegKind::progressive, JpegKind::arithmetic}) {
        const auto result = decode_image(make_jpeg(picture(), kind), {}).value();
        CHECK(result.header.format == ImageFormat::jpeg);
        CHECK(result.header.width_px == 67);
        CHECK(result.header.height_px == 45);
        CHECK(difference(result.image, picture()).mean < 2);
    }
    CHECK(difference(decoded(make_jpeg(picture(), JpegKind::gray)), red_as_gray(picture())).mean < 2);
}

TEST_CASE("image: CMYK JPEG has the right colours with and without Adobe's inversion", "[image]") {
    CHECK(difference(decoded(make_jpeg(picture(), JpegKind::adobe_cmyk)), picture()).mean < 2);
    CHECK(difference(decoded(make_jpeg(picture(), JpegKind::plain_cmyk)), picture()).mean < 2);
}

TEST_CASE("image: PNG of every kind decodes to the picture", "[image]") {
    for (const auto kind : {PngKind::rgb, PngKind::rgb16, PngKind::interlaced}) {
        const auto result = decode_image(make_png(picture(), kind), {}).value();
        CHECK(result.header.format == ImageFormat::png);
        CHECK(result.image.pixels == picture().pixels);
    }
    CHECK(decoded(make_png(picture(), PngKind::gray)).pixels == red_as_gray(picture()).pixels);
    CHECK(difference(decoded(make_png(picture(), PngKind::palette)), red_as_gray(picture())).largest <= 15);
}

TEST_CASE("image: transparent pixels are laid over white in every format", "[image]") {
    const Image expected = half_over_white(picture());
    CHECK(difference(decoded(make_png(picture(), PngKind::rgba)), expected).largest <= 1);
    CHECK(difference(decoded(make_png(picture(), PngKind::interlaced_rgba)), expected).largest <= 1);
    CHECK(difference(decoded(make_webp(picture(), WebpKind::lossless_rgba)), expected).largest <= 1);
    CHECK(difference(decoded(make_tiff(picture(), TiffKind::rgba)), expected).largest <= 2);

    Image black = make_picture(4, 4);
    black.pixels.assign(black.pixels.size(), 0);
    const Image shown = decoded(make_png(black, PngKind::gray_trns));
    CHECK(shown.pixels == PixelBytes(shown.pixels.size(), 255));
}

TEST_CASE("image: WebP lossy and lossless decode to the picture", "[image]") {
    const auto result = decode_image(make_webp(picture(), WebpKind::lossless), {}).value();
    CHECK(result.header.format == ImageFormat::webp);
    CHECK(result.image.pixels == picture().pixels);
    CHECK(difference(decoded(make_webp(picture(), WebpKind::lossy)), picture()).mean < 4);
}

TEST_CASE("image: TIFF of every kind decodes to the picture", "[image]") {
    for (const auto kind : {TiffKind::rgb, TiffKind::rgb16, TiffKind::planar, TiffKind::tiled,
                            TiffKind::deflate, TiffKind::lzw, TiffKind::packbits, TiffKind::cmyk}) {
        CAPTURE(static_cast<int>(kind));
        const auto result = decode_image(make_tiff(picture(), kind), {}).value();
        CHECK(result.header.format == ImageFormat::tiff);
        CHECK(difference(result.image, picture()).largest <= 1);
    }
    for (const auto kind : {TiffKind::gray, TiffKind::gray16, TiffKind::white_is_zero, TiffKind::palette}) {
        CAPTURE(static_cast<int>(kind));
        CHECK(difference(decoded(make_tiff(picture(), kind)), red_as_gray(picture())).largest <= 1);
    }
    CHECK(difference(decoded(make_tiff(picture(), TiffKind::jpeg)), picture()).mean < 2);
}

TEST_CASE("image: a picture one pixel wide decodes in every format", "[image]") {
    const Image thin = make_picture(1, 3000);
    CHECK(decoded(make_jpeg(thin)).height_px == 3000);
    CHECK(decoded(make_png(thin, PngKind::interlaced)).pixels == thin.pixels);
    CHECK(decoded(make_webp(thin, WebpKind::lossless)).pixels == thin.pixels);
    CHECK(decoded(make_tiff(thin)).pixels == thin.pixels);
}

TEST_CASE("image: what follows a JPEG's end, such as a motion photo's video, is ignored", "[image]") {
    auto jpeg = make_jpeg(picture());
    const Image plain = decoded(jpeg);
    for (int i = 0; i < 1000; ++i) jpeg.push_back(static_cast<std::uint8_t>(i * 7));
    CHECK(decoded(jpeg).pixels == plain.pixels);
}

TEST_CASE("image: stray bytes between a JPEG's segments are tolerated", "[image]") {
    const auto jpeg = make_jpeg(picture());
    auto padded = jpeg;
    padded.insert(padded.begin() + 20, {0, 0, 0});  // After SOI and JFIF's APP0.
    CHECK(decoded(padded).pixels == decoded(jpeg).pixels);
}

TEST_CASE("image: a JPEG shrinks by DCT no further than the long side asked for", "[image]") {
    const Image large = make_picture(803, 401);
    const auto jpeg = make_jpeg(large);
    const auto long_side = [&jpeg](int enough_px) {
        const auto result = decode_image(jpeg, {}, {.enough_long_side_px = enough_px}).value();
        CHECK(result.header.width_px == 803);  // The header keeps the stored size.
        return result.image.width_px;
    };
    CHECK(long_side(0) == 803);
    CHECK(long_side(5000) == 803);
    CHECK(long_side(403) == 803);
    CHECK(long_side(402) == 402);
    CHECK(long_side(202) == 402);
    CHECK(long_side(201) == 201);
    CHECK(long_side(101) == 101);
    CHECK(long_side(1) == 101);  // 1/8 is the smallest scale.
}

TEST_CASE("image: decoding twice gives equal pixels", "[image]") {
    for (const auto& bytes : {make_jpeg(picture(), JpegKind::progressive), make_webp(picture()),
                              make_tiff(picture(), TiffKind::jpeg)})
        CHECK(decoded(bytes).pixels == decoded(bytes).pixels);
}

TEST_CASE("image: photos of all formats decode at once in several threads as they do alone", "[image]") {
    const ByteVector exif = make_exif({.original = "2024:05:31 18:04:59"});
    std::vector<ByteVector> files = {
        jpeg_with_exif(make_jpeg(picture()), exif), make_png(picture()),
        make_webp(picture(), WebpKind::lossy, exif), make_tiff(picture()),
        make_raw(make_jpeg(make_picture(640, 32)), {.preview_width_px = 640, .preview_height_px = 32})};
    if (can_encode(HeifCoding::hevc))
        files.push_back(make_heif(make_picture(64, 64), HeifCoding::hevc, {}, exif));
    std::vector<Image> alone;
    for (const auto& bytes : files) alone.push_back(decoded(bytes));
    std::atomic<int> wrong_count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 10; ++round)
                for (std::size_t f = 0; f < files.size(); ++f) {
                    const auto result = decode_image(files[f], {});
                    if (!result.ok() || result->image.pixels != alone[f].pixels) ++wrong_count;
                }
        });
    for (auto& thread : threads) thread.join();
    CHECK(wrong_count == 0);
}

TEST_CASE("image: every format has a name", "[image]") {
    CHECK(to_string(ImageFormat::jpeg) == "jpeg");
    CHECK(to_string(ImageFormat::png) == "png");
    CHECK(to_string(ImageFormat::webp) == "webp");
    CHECK(to_string(ImageFormat::tiff) == "tiff");
    CHECK(to_string(ImageFormat::heic) == "heic");
    CHECK(to_string(ImageFormat::avif) == "avif");
    CHECK(to_string(ImageFormat::raw) == "raw");
}
