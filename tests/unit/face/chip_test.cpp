#include "face/chip.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>

#include "support/make_image.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;

namespace {

/// The shape's own points, on a picture of width x height px, moved there and enlarged.
Landmarks points_of(const ChipShape& shape, const Image& image, float x_px, float y_px, float scale) {
    Landmarks landmarks;
    for (std::size_t i = 0; i < landmarks.size(); ++i) {
        landmarks[i] = {(x_px + shape.points_px[i].x * scale) / static_cast<float>(image.width_px),
                        (y_px + shape.points_px[i].y * scale) / static_cast<float>(image.height_px)};
    }
    return landmarks;
}

/// Red grows to the right, green downwards, a step a pixel.
Image slopes(int width_px, int height_px) {
    Image image{width_px, height_px, PixelBytes(static_cast<std::size_t>(width_px) * height_px * 3, 0)};
    for (int y = 0; y < height_px; ++y) {
        for (int x = 0; x < width_px; ++x) {
            image.row(y)[x * 3] = static_cast<std::uint8_t>(x);
            image.row(y)[x * 3 + 1] = static_cast<std::uint8_t>(y);
        }
    }
    return image;
}

const ChipShape kSmall{64, {Point{45, 30}, Point{37, 30}, Point{18, 31}, Point{26, 31}, Point{32, 45}}};

}  // namespace

TEST_CASE("chip: landmarks that are where they are wanted leave the picture as it is", "[face]") {
    const Image image = slopes(64, 64);
    const Image chip = cut_chip(image, points_of(kSmall, image, 0, 0, 1), kSmall);
    REQUIRE(chip.width_px == 64);
    REQUIRE(chip.height_px == 64);
    for (int y = 1; y < 63; ++y) {
        for (int x = 1; x < 63; ++x) {
            CHECK(std::abs(chip.row(y)[x * 3] - x) <= 1);
            CHECK(std::abs(chip.row(y)[x * 3 + 1] - y) <= 1);
        }
    }
}

TEST_CASE("chip: a face elsewhere, and twice as large, comes to lie where it is wanted", "[face]") {
    const Image image = slopes(250, 200);
    const Image chip = cut_chip(image, points_of(kSmall, image, 60, 40, 2), kSmall);
    for (const int at : {4, 20, 32, 58}) {
        CHECK(std::abs(chip.row(at)[at * 3] - (60 + 2 * at)) <= 2);
        CHECK(std::abs(chip.row(at)[at * 3 + 1] - (40 + 2 * at)) <= 2);
    }
}

TEST_CASE("chip: a face on its side is turned upright", "[face]") {
    const Image image = slopes(100, 100);
    // A quarter turn about the middle of a square of 64 at 10, 10.
    Landmarks turned;
    for (std::size_t i = 0; i < turned.size(); ++i)
        turned[i] = {(10 + 64 - kSmall.points_px[i].y) / 100, (10 + kSmall.points_px[i].x) / 100};
    const Image chip = cut_chip(image, turned, kSmall);
    for (const int at : {8, 30, 50}) {
        CHECK(std::abs(chip.row(at)[20 * 3] - (74 - at)) <= 2);
        CHECK(std::abs(chip.row(at)[20 * 3 + 1] - 30) <= 2);
    }
}

TEST_CASE("chip: what lies beyond the edge is black", "[face]") {
    const Image image{40, 40, PixelBytes(4800, 200)};
    const Image chip = cut_chip(image, points_of(kSmall, image, -32, -32, 1), kSmall);
    CHECK(chip.row(10)[10 * 3] == 0);
    CHECK(chip.row(50)[50 * 3] == 200);
}

TEST_CASE("chip: landmarks anywhere give a chip all the same", "[face]") {
    const Image image = make_picture(80, 60);
    for (const float at : {0.0F, 0.5F, -3.0F, 40.0F}) {
        Landmarks same;
        same.fill({at, at});
        const Image chip = cut_chip(image, same, dlib_chip_shape());
        CHECK(chip.width_px == 150);
        CHECK(chip.pixels.size() == 67'500);
    }
    CHECK_NOTHROW(cut_chip(make_picture(1, 1), points_of(kSmall, make_picture(1, 1), 0, 0, 0.01F), kSmall));
}

TEST_CASE("chips: each way of cutting is done once", "[face]") {
    const Image image = slopes(200, 200);
    FaceChips faces(image, {points_of(kSmall, image, 0, 0, 1), points_of(kSmall, image, 60, 40, 2)});
    CHECK(faces.size() == 2);
    const auto& small = faces.of(kSmall);
    const auto& large = faces.of(dlib_chip_shape());
    REQUIRE(small.size() == 2);
    CHECK(small[0].width_px == 64);
    CHECK(large[0].width_px == 150);
    CHECK(&faces.of(kSmall) == &small);
    CHECK(&faces.of(dlib_chip_shape()) == &large);
    CHECK(small[1].pixels == cut_chip(image, points_of(kSmall, image, 60, 40, 2), kSmall).pixels);
    FaceChips nobody(image, {});
    CHECK(nobody.of(kSmall).empty());
}
