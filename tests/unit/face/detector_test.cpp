#include "face/detector.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "face/detector_kind.hpp"
#include "face/yunet_detector.hpp"
#include "findme/error.hpp"
#include "support/make_onnx.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;

namespace {

bool same(const std::vector<Detection>& a, const std::vector<Detection>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Detection& p, const Detection& q) {
        return p.score == q.score && p.box.x == q.box.x && p.box.y == q.box.y && p.box.width == q.box.width &&
               p.box.height == q.box.height;
    });
}

}  // namespace

TEST_CASE("overlap: equal boxes share all, apart ones nothing, halves a third", "[face]") {
    const Box box{0.1F, 0.2F, 0.4F, 0.4F};
    CHECK(overlap(box, box) == Approx(1));
    CHECK(overlap(box, {0.6F, 0.2F, 0.4F, 0.4F}) == 0);
    CHECK(overlap(box, {0.5F, 0.2F, 0.4F, 0.4F}) == Approx(0).margin(1e-6));  // Side by side.
    CHECK(overlap(box, {0.3F, 0.2F, 0.4F, 0.4F}) == Approx(1.0 / 3));
    CHECK(overlap(box, {0.2F, 0.3F, 0.2F, 0.2F}) == Approx(0.25));  // One within the other.
    CHECK(overlap(box, {0.3F, 0.4F, 0.4F, 0.4F}) == overlap({0.3F, 0.4F, 0.4F, 0.4F}, box));
}

TEST_CASE("merge_votes: one box a face stays, the one with most votes first", "[face]") {
    const auto kept = merge_votes({{{0.50F, 0.5F, 0.2F, 0.2F}, 0.7F},
                                   {{0.11F, 0.1F, 0.2F, 0.2F}, 0.8F},
                                   {{0.10F, 0.1F, 0.2F, 0.2F}, 0.9F}},
                                  0.3F);
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].score == Approx(1.7 / 2.7));  // Two votes: 0.9 + 0.8.
    CHECK(kept[1].score == Approx(0.7 / 1.7));
    // The boxes of one face vote: between the two, nearer to the better one.
    CHECK(kept[0].box.x > 0.100F);
    CHECK(kept[0].box.x < 0.105F);
    CHECK(merge_votes({}, 0.3F).empty());
}

TEST_CASE("merge_votes: a box that overlaps a little more than allowed goes without a vote", "[face]") {
    const auto kept = merge_votes({{{0, 0, 0.2F, 0.2F}, 0.9F}, {{0.1F, 0, 0.2F, 0.2F}, 0.8F}}, 0.3F);
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].box.x == Approx(0).margin(1e-6));
}

TEST_CASE("merge_votes: the order in which boxes come does not matter", "[face]") {
    std::mt19937 random(5);
    std::uniform_real_distribution<float> number(0.0F, 0.8F);
    std::vector<Detection> boxes;
    for (int i = 0; i < 60; ++i) {
        // Few different scores, so that many are equal.
        boxes.push_back(
            {{number(random), number(random), 0.2F, 0.2F}, 0.7F + 0.1F * static_cast<float>(i % 3)});
    }
    const auto expected = merge_votes(boxes, 0.3F);
    for (int round = 0; round < 20; ++round) {
        std::shuffle(boxes.begin(), boxes.end(), random);
        CHECK(same(merge_votes(boxes, 0.3F), expected));
    }
}

TEST_CASE("keep_best: of boxes that overlap too much the best stays, whatever their order", "[face]") {
    std::vector<Detection> boxes{{{0.50F, 0.5F, 0.2F, 0.2F}, 0.7F},
                                 {{0.11F, 0.1F, 0.2F, 0.2F}, 0.8F},
                                 {{0.10F, 0.1F, 0.2F, 0.2F}, 0.9F},
                                 {{0.22F, 0.1F, 0.2F, 0.2F}, 0.6F}};
    for (int round = 0; round < 4; ++round) {
        std::rotate(boxes.begin(), boxes.begin() + 1, boxes.end());
        const auto kept = keep_best(boxes, 0.3F);
        REQUIRE(kept.size() == 3);
        CHECK(kept[0].score == 0.9F);
        CHECK(kept[0].box.x == 0.10F);
        CHECK(kept[1].score == 0.7F);
        CHECK(kept[2].score == 0.6F);  // It overlaps the best by a quarter.
    }
    CHECK(keep_best({}, 0.3F).empty());
}

TEST_CASE("detector: what a file is shows from its outputs", "[face]") {
    CHECK(recognise_detector(make_onnx_yunet()) == "yunet");
    for (const auto& other : {make_onnx_head(), make_onnx_yunet(8)}) {
        for (const auto& make : std::vector<std::function<void()>>{
                 [&] { static_cast<void>(recognise_detector(other)); },
                 [&] { static_cast<void>(make_detector("rfb", other, Precision::f32)); },
                 [&] { static_cast<void>(make_detector("yunet", other, Precision::f32)); },
                 [&] { static_cast<void>(make_detector("other", make_onnx_yunet(), Precision::f32)); }}) {
            try {
                make();
                FAIL("no error was thrown");
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::model_shape_mismatch);
            }
        }
    }
}

TEST_CASE("yunet: a cell's box and score are what its outputs say, blue first, in the photo's fractions",
          "[face]") {
    Image image;
    image.width_px = 72;
    image.height_px = 40;  // Neither is a multiple of 32.
    image.pixels.assign(std::size_t{72} * 40 * 3, 0);
    const auto paint = [&](int cell_x, int cell_y, std::size_t channel) {
        for (int y = cell_y * 8; y < cell_y * 8 + 8; ++y) {
            for (int x = cell_x * 8; x < cell_x * 8 + 8; ++x)
                image.pixels[static_cast<std::size_t>(y * 72 + x) * 3 + channel] = 255;
        }
    };
    paint(3, 2, 2);
    paint(1, 1, 0);  // Red is nothing to it.
    Workspace workspace;
    YuNetOptions options;
    options.long_sides_px = {72};
    const auto found =
        make_yunet_detector(make_onnx_yunet(), Precision::f32, options)->detect(image, workspace);
    REQUIRE(found.size() == 1);
    CHECK(found[0].box.x == Approx(24.0 / 72));
    CHECK(found[0].box.y == Approx(16.0 / 40));
    CHECK(found[0].box.width == Approx(8.0 / 72));
    CHECK(found[0].box.height == Approx(8.0 / 40));
    CHECK(found[0].score == Approx(1 / (1 + std::exp(-10.0))));
    options.min_score = 1.0F;
    CHECK(make_yunet_detector(make_onnx_yunet(), Precision::f32, options)->detect(image, workspace).empty());
}

TEST_CASE("yunet: a file that agrees with the layout at some sizes only is refused at the others", "[face]") {
    const auto detector = make_yunet_detector(make_onnx_yunet(10, true), Precision::f32);
    Image image;
    image.width_px = 320;
    image.height_px = 90;
    image.pixels.assign(std::size_t{320} * 90 * 3, 0);
    Workspace workspace;
    try {
        static_cast<void>(detector->detect(image, workspace));
        FAIL("no error was thrown");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::model_shape_mismatch);
    }
}
