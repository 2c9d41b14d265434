#include <catch2/catch.hpp>
#include <string>

#include "findme/image.hpp"
#include "image/raw_tiff.hpp"
#include "support/make_image.hpp"
#include "support/make_raw.hpp"

using namespace findme;
using namespace findme::testing;

namespace {

ByteVector raw_of(const Image& preview, RawFields fields = {}, const ByteVector& exif = {}) {
    fields.preview_width_px = preview.width_px;
    fields.preview_height_px = preview.height_px;
    auto jpeg = make_jpeg(preview);
    if (!exif.empty()) jpeg = jpeg_with_exif(jpeg, exif);
    return make_raw(jpeg, fields);
}

ErrorInfo refusal(const ByteVector& bytes, const ImageLimits& limits = {}) {
    const auto header = read_image_header(bytes, limits);
    REQUIRE_FALSE(header);
    CHECK(decode_image(bytes, limits).error().message == header.error().message);
    return header.error();
}

bool says(const ErrorInfo& error, const std::string& text) {
    return error.message.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("raw: a raw photo decodes to the camera's JPEG in it", "[image]") {
    const Image preview = make_picture(720, 480);
    const auto bytes = raw_of(preview);
    const auto result = decode_image(bytes, {}).value();
    CHECK(result.header.format == ImageFormat::raw);
    CHECK(result.header.width_px == 720);
    CHECK(result.header.height_px == 480);
    CHECK(difference(result.image, preview).mean < 2);
    // It shrinks as any JPEG does.
    CHECK(decode_image(bytes, {}, {.enough_long_side_px = 360}).value().image.width_px == 360);
}

TEST_CASE("raw: the raw photo's orientation makes the preview upright", "[image]") {
    const Image seen = make_picture(720, 480);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        CAPTURE(orientation);
        // The sensor lies; a camera held upright is EXIF's 5 to 8, and what is seen then stands.
        const bool turned = orientation >= 5;
        const Image shown = turned ? make_picture(480, 720) : seen;
        const auto result =
            decode_image(raw_of(stored_under(shown, orientation), {.orientation = orientation}), {}).value();
        CHECK(result.header.orientation == orientation);
        CHECK(difference(result.image, shown).mean < 2);
    }
}

TEST_CASE("raw: a preview that stands already is not turned again", "[image]") {
    const Image upright = make_picture(480, 720);
    const auto result = decode_image(raw_of(upright, {.orientation = 6}), {}).value();
    CHECK(difference(result.image, upright).mean < 2);
}

TEST_CASE("raw: where the raw photo tells no orientation, the preview's own counts", "[image]") {
    const Image seen = make_picture(720, 480);
    const auto exif = make_exif({.orientation = 3});
    CHECK(difference(decode_image(raw_of(stored_under(seen, 3), {}, exif), {}).value().image, seen).mean < 2);
}

TEST_CASE("raw: capture time is the preview's, else the raw photo's", "[image]") {
    const Image preview = make_picture(720, 480);
    const auto captured = [](const ByteVector& bytes) {
        const auto time = read_image_header(bytes, {}).value().captured_at;
        return time ? to_iso8601(*time) : "none";
    };
    CHECK(captured(raw_of(preview)) == "none");
    CHECK(captured(raw_of(preview, {.original = "2024:05:31 18:04:59"})) == "2024-05-31T18:04:59.000Z");
    const auto exif = make_exif({.original = "2023:01:02 03:04:05", .original_offset = "+01:00"});
    CHECK(captured(raw_of(preview, {.original = "2024:05:31 18:04:59"}, exif)) == "2023-01-02T02:04:05.000Z");
}

TEST_CASE("raw: without a preview that is worth it, the refusal says what to do", "[image]") {
    const auto small = refusal(raw_of(make_picture(320, 240)));
    CHECK(small.code == ErrorCode::image_unsupported);
    CHECK(says(small, "320x240"));
    CHECK(says(small, "export it as JPEG"));
    CHECK(decode_image(raw_of(make_picture(640, 240)), {}));
}

TEST_CASE("raw: the preview is held to the limits of any JPEG", "[image]") {
    const auto bytes = raw_of(make_picture(720, 480));
    ImageLimits limits;
    limits.max_file_bytes = bytes.size() - 1;
    CHECK(says(refusal(bytes, limits), "image.max_file_bytes"));
    limits = {};
    limits.max_side_px = 719;
    CHECK(says(refusal(bytes, limits), "image.max_side_px"));
    limits = {};
    limits.max_pixels = 720 * 480 - 1;
    CHECK(refusal(bytes, limits).code == ErrorCode::image_too_large);
    const auto jpeg = jpeg_declaring(make_jpeg(make_picture(720, 480)), 65'500, 65'500);
    CHECK(refusal(make_raw(jpeg, {.preview_width_px = 720, .preview_height_px = 480})).code ==
          ErrorCode::image_too_large);
}

TEST_CASE("raw: cut anywhere, it is refused or shows its whole preview", "[image]") {
    const Image preview = make_picture(640, 64);
    const auto whole = raw_of(preview, {.orientation = 3, .original = "2024:05:31 18:04:59"});
    const auto full = decode_image(whole, {}).value().image;
    for (std::size_t size = 0; size < whole.size(); size += 37) {
        const ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto result = decode_image(cut, {});
        if (result.ok() && result->image.pixels != full.pixels)
            FAIL("cut at " << size << " of " << whole.size() << " gave another picture");
        if (!result.ok() && result.error().code == ErrorCode::internal) FAIL(result.error().message);
    }
}

TEST_CASE("raw: ordinary TIFFs stay TIFFs", "[image]") {
    const Image picture = make_picture(40, 30);
    for (const auto kind :
         {TiffKind::rgb, TiffKind::tiled, TiffKind::jpeg, TiffKind::cmyk, TiffKind::gray16}) {
        const auto tiff = make_tiff(picture, kind, 1, "2024:05:31 18:04:59");
        CHECK_FALSE(image::is_raw_tiff(tiff));
        CHECK(read_image_header(tiff, {}).value().format == ImageFormat::tiff);
    }
    CHECK(image::is_raw_tiff(raw_of(picture)));
    CHECK(image::is_raw_tiff(make_tiff(picture, TiffKind::dng)));
}

TEST_CASE("raw: a TIFF's directories may point anywhere", "[image]") {
    const auto whole =
        make_raw(make_jpeg(make_picture(16, 16)), {.preview_width_px = 16, .preview_height_px = 16});
    for (std::size_t at = 4; at < 180; ++at) {
        ByteVector changed = whole;
        changed[at] = 0xff;
        (void)image::is_raw_tiff(changed);
    }
    CHECK_FALSE(image::is_raw_tiff(ByteVector{'I', 'I', 42, 0, 0xff, 0xff, 0xff, 0xff}));
    CHECK_FALSE(image::is_raw_tiff(ByteVector{'M', 'M', 0, 42}));
}
