#include "image/resample.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <random>

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
    CHECK(image::resize_area(board, 2, 2).pixels == PixelBytes(12, 100));
}

TEST_CASE("image: resizing gives OpenCV's pixels within one level", "[image]") {
    cv::setNumThreads(1);
    std::mt19937 random(1);
    Image noise = make_picture(301, 199);
    for (auto& value : noise.pixels) value = static_cast<std::uint8_t>(random() % 256);
    const cv::Mat from(noise.height_px, noise.width_px, CV_8UC3, noise.pixels.data());
    for (const auto& [width, height] :
         {std::pair{300, 198}, {151, 100}, {103, 67}, {37, 90}, {10, 7}, {602, 398}, {450, 211}}) {
        INFO(width << "x" << height);
        const Image ours = image::resize_area(noise, width, height);
        Image theirs{.width_px = width, .height_px = height, .pixels = PixelBytes(ours.pixels.size())};
        cv::Mat to(height, width, CV_8UC3, theirs.pixels.data());
        const bool shrinks = width <= noise.width_px && height <= noise.height_px;
        cv::resize(from, to, to.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
        CHECK(difference(ours, theirs).largest <= (shrinks ? 1 : 2));
        CHECK(difference(ours, theirs).mean < 0.3);
    }
}

TEST_CASE("image: a picture shrunk by more than the weights can tell apart is still its mean", "[image]") {
    std::mt19937 random(2);
    Image noise = make_picture(4000, 70);
    for (auto& value : noise.pixels) value = static_cast<std::uint8_t>(100 + random() % 21);
    const Image out = image::resize_area(noise, 10, 1);
    for (const int value : out.pixels) CHECK(std::abs(value - 110) <= 1);
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
