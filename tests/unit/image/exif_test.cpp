#include "image/exif.hpp"

#include <catch2/catch.hpp>

#include "findme/image.hpp"
#include "image/orient.hpp"
#include "support/make_image.hpp"

using namespace findme;
using namespace findme::testing;

namespace {

ImageHeader header_of(const ByteVector& bytes) {
    return read_image_header(bytes, {}).value();
}

std::string captured(const ExifFields& fields) {
    const auto time = image::read_exif(make_exif(fields)).captured_at;
    return time ? to_iso8601(*time) : "none";
}

}  // namespace

TEST_CASE("image: each EXIF orientation gives the same upright pixels in every format", "[image]") {
    const Image seen = make_picture(150, 83);  // Wider than one block of the turning loop, and odd.
    for (int orientation = 1; orientation <= 8; ++orientation) {
        CAPTURE(orientation);
        const Image stored = stored_under(seen, orientation);
        const ByteVector exif = make_exif({.orientation = orientation});
        for (const auto& bytes :
             {make_png(stored, PngKind::rgb, exif), make_webp(stored, WebpKind::lossless, exif),
              make_tiff(stored, TiffKind::rgb, orientation)}) {
            const auto result = decode_image(bytes, {}).value();
            CHECK(result.header.orientation == orientation);
            CHECK(result.header.width_px == stored.width_px);
            CHECK(result.image.width_px == seen.width_px);
            CHECK(result.image.pixels == seen.pixels);
        }
        const auto jpeg = jpeg_with_exif(make_jpeg(stored), exif);
        CHECK(difference(decode_image(jpeg, {}).value().image, seen).mean < 2);
        const auto half = decode_image(jpeg, {}, {.enough_long_side_px = 75}).value().image;
        CHECK(half.width_px == 75);
        CHECK(half.height_px == 42);
    }
}

TEST_CASE("image: a tiled TIFF turns as one picture", "[image]") {
    const Image seen = make_picture(70, 50);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        const auto tiff = make_tiff(stored_under(seen, orientation), TiffKind::tiled, orientation);
        CHECK(decode_image(tiff, {}).value().image.pixels == seen.pixels);
    }
}

TEST_CASE("image: an orientation that EXIF does not know counts as upright", "[image]") {
    for (const int orientation : {0, 9, 255, 65535}) {
        const auto jpeg =
            jpeg_with_exif(make_jpeg(make_picture(8, 4)), make_exif({.orientation = orientation}));
        CHECK(header_of(jpeg).orientation == 1);
    }
    CHECK(image::upright(make_picture(3, 2), 9).width_px == 3);
}

TEST_CASE("image: capture time is read as UTC unless EXIF says the offset", "[image]") {
    CHECK(captured({.original = "2024:05:31 18:04:59"}) == "2024-05-31T18:04:59.000Z");
    CHECK(captured({.original = "2024:05:31 18:04:59", .original_offset = "+02:00"}) ==
          "2024-05-31T16:04:59.000Z");
    CHECK(captured({.original = "2024:05:31 18:04:59", .original_offset = "-09:30"}) ==
          "2024-06-01T03:34:59.000Z");
    CHECK(captured({.original = "2024:05:31 18:04:59", .original_offset = "   :  "}) ==
          "2024-05-31T18:04:59.000Z");
    CHECK(captured({.digitized = "2023:01:02 03:04:05"}) == "2023-01-02T03:04:05.000Z");
    CHECK(captured({.original = "    :  :     :  :  ", .digitized = "2023:01:02 03:04:05"}) ==
          "2023-01-02T03:04:05.000Z");
    CHECK(captured({}) == "none");
}

TEST_CASE("image: a time no clock can show is no capture time", "[image]") {
    for (const auto* text :
         {"", "0000:00:00 00:00:00", "2024:02:30 10:00:00", "2024:13:01 10:00:00", "2024:01:01 24:00:00",
          "2024:01:01 10:60:00", "2024:01:01", "yesterday at noon ..."})
        CHECK_FALSE(image::parse_exif_time(text, ""));
}

TEST_CASE("image: capture time is found in every format", "[image]") {
    const Image small = make_picture(16, 16);
    const ByteVector exif = make_exif({.original = "2024:05:31 18:04:59"});
    for (const auto& bytes : {jpeg_with_exif(make_jpeg(small), exif), make_png(small, PngKind::rgb, exif),
                              make_webp(small, WebpKind::lossy, exif),
                              make_tiff(small, TiffKind::rgb, 1, "2024:05:31 18:04:59")}) {
        const auto time = header_of(bytes).captured_at;
        REQUIRE(time);
        CHECK(to_iso8601(*time) == "2024-05-31T18:04:59.000Z");
        CHECK(decode_image(bytes, {}));
    }
}

TEST_CASE("image: a damaged EXIF block never costs the photo", "[image]") {
    const auto jpeg = make_jpeg(make_picture(16, 16));
    const ByteVector exif = make_exif({.orientation = 6, .original = "2024:05:31 18:04:59"});
    for (std::size_t cut = 0; cut < exif.size(); ++cut) {
        const ByteVector part(exif.begin(), exif.begin() + static_cast<std::ptrdiff_t>(cut));
        CHECK(decode_image(jpeg_with_exif(jpeg, part), {}));
    }
    for (std::size_t at = 0; at < exif.size(); ++at) {
        ByteVector changed = exif;
        changed[at] = 0xff;
        CHECK(decode_image(jpeg_with_exif(jpeg, changed), {}));
    }
}
