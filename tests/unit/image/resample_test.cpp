#include "image/resample.hpp"

#include <catch2/catch.hpp>

#include "findme/error.hpp"
#include "image/encode_jpeg.hpp"
#include "support/make_image.hpp"

using namespace findme;
using namespace findme::testing;

TEST_CASE("image: resizing gives exactly the size asked for and keeps the picture", "[image]") {
    const Image large = make_picture(301, 199);
    for (const auto& [width, height] : {std::pair{100, 66}, {301, 199}, {602, 398}, {50, 400}, {1, 1}}) {
        const Image out = image::resize_area(large, width, height);
        CHECK(out.width_px == width);
        CHECK(out.height_px == height);
        CHECK(out.pixels.size() == static_cast<std::size_t>(width * height * 3));
        if (width > 1) CHECK(difference(out, make_picture(width, height)).mean < 2);
    }
    CHECK(image::resize_area(large, 301, 199).pixels == large.pixels);
}

TEST_CASE("image: shrinking averages over areas instead of picking pixels", "[image]") {
    Image board{.width_px = 4, .height_px = 4, .pixels = {}};
    for (int i = 0; i < 16; ++i) board.pixels.insert(board.pixels.end(), 3, (i / 4 + i) % 2 == 0 ? 0 : 200);
    CHECK(image::resize_area(board, 2, 2).pixels == ByteVector(12, 100));
}

TEST_CASE("image: resizing nothing or to nothing is an invalid argument", "[image]") {
    const auto code = [](const Image& from, int width, int height) {
        try {
            (void)image::resize_area(from, width, height);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    };
    CHECK(code({}, 10, 10) == ErrorCode::invalid_argument);
    CHECK(code(make_picture(4, 4), 0, 10) == ErrorCode::invalid_argument);
    CHECK(code(make_picture(4, 4), 10, -1) == ErrorCode::invalid_argument);
}

TEST_CASE("image: an encoded JPEG decodes to the picture and carries no metadata", "[image]") {
    const Image original = make_picture(123, 77);
    for (const int quality : {85, 90, 95}) {
        const auto bytes = image::encode_jpeg(original, quality);
        const auto decoded = decode_image(bytes, {}).value();
        CHECK(difference(decoded.image, original).mean < 2);
        CHECK_FALSE(decoded.header.captured_at);
        CHECK(decoded.header.orientation == 1);
        CHECK(image::encode_jpeg(original, quality) == bytes);
    }
    CHECK(image::encode_jpeg(original, 30).size() < image::encode_jpeg(original, 95).size());
}

TEST_CASE("image: encoding an empty picture or at no known quality is an invalid argument", "[image]") {
    CHECK_THROWS_AS(image::encode_jpeg({}, 80), Error);
    CHECK_THROWS_AS(image::encode_jpeg(make_picture(2, 2), 0), Error);
    CHECK_THROWS_AS(image::encode_jpeg(make_picture(2, 2), 101), Error);
}
