#include "face/aligner.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "config/model_manifest.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
#include "face/rfb_detector.hpp"
#include "findme/error.hpp"
#include "support/make_image.hpp"
#include "support/resources.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;

namespace {

/// Outer and inner corner of the right-hand eye, outer and inner corner of the left-hand eye, nose; in pixels
/// of a 200 x 100 picture, given here as x and y.
Landmarks landmarks_of(const std::array<std::pair<float, float>, 5>& points_px) {
    Landmarks landmarks;
    for (std::size_t i = 0; i < landmarks.size(); ++i)
        landmarks[i] = {points_px[i].first / 200, points_px[i].second / 100};
    return landmarks;
}

FaceQuality pose_of(const Landmarks& landmarks) {
    FaceQuality quality;
    estimate_pose(landmarks, 200, 100, quality);
    return quality;
}

Landmarks mirrored(const Landmarks& landmarks) {
    // What was the right-hand eye is the left-hand one.
    Landmarks out{landmarks[2], landmarks[3], landmarks[0], landmarks[1], landmarks[4]};
    for (auto& point : out) point.x = 1 - point.x;
    return out;
}

Image mirrored(const Image& image) {
    Image out = image;
    for (int y = 0; y < image.height_px; ++y) {
        for (int x = 0; x < image.width_px; ++x) {
            std::copy_n(image.row(y) + x * 3, 3, out.row(y) + (image.width_px - 1 - x) * 3);
        }
    }
    return out;
}

Image blurred(const Image& image) {
    Image out = image;
    for (int y = 1; y + 1 < image.height_px; ++y) {
        for (int x = 1; x + 1 < image.width_px; ++x) {
            for (int c = 0; c < 3; ++c) {
                int sum = 0;
                for (int dy = -1; dy <= 1; ++dy) {
                    for (int dx = -1; dx <= 1; ++dx) sum += image.row(y + dy)[(x + dx) * 3 + c];
                }
                out.row(y)[x * 3 + c] = static_cast<std::uint8_t>(sum / 9);
            }
        }
    }
    return out;
}

std::vector<std::uint8_t> landmark_model(const std::string& folder) {
    return load_model(config::parse_manifest(config::embedded_manifest_yaml()), "landmarks", {folder});
}

}  // namespace

TEST_CASE("pose: a level face that looks ahead has neither yaw nor roll", "[face]") {
    const auto pose = pose_of(landmarks_of({{{140, 40}, {120, 40}, {60, 40}, {80, 40}, {100, 60}}}));
    CHECK(pose.yaw == Approx(0).margin(1e-6));
    CHECK(pose.roll_deg == Approx(0).margin(1e-4));
}

TEST_CASE("pose: a nose off the middle is yaw in eye distances, a tilted eye line is roll in degrees",
          "[face]") {
    const auto turned = pose_of(landmarks_of({{{140, 40}, {120, 40}, {60, 40}, {80, 40}, {118, 60}}}));
    CHECK(turned.yaw == Approx(18.0 / 60));
    CHECK(turned.roll_deg == Approx(0).margin(1e-4));
    // Eyes 30 px apart each way: 45 degrees, y pointing down.
    const auto tilted = pose_of(landmarks_of({{{120, 70}, {110, 60}, {80, 30}, {90, 40}, {100, 50}}}));
    CHECK(tilted.roll_deg == Approx(45).margin(1e-3));
    CHECK(tilted.yaw == Approx(0).margin(1e-5));
}

TEST_CASE("pose: a mirrored face has mirrored numbers", "[face]") {
    const auto landmarks = landmarks_of({{{140, 45}, {120, 42}, {60, 33}, {80, 36}, {111, 60}}});
    const auto straight = pose_of(landmarks);
    const auto turned = pose_of(mirrored(landmarks));
    CHECK(straight.yaw != Approx(0).margin(0.05));
    CHECK(turned.yaw == Approx(-straight.yaw).margin(1e-5));
    CHECK(turned.roll_deg == Approx(-straight.roll_deg).margin(1e-3));
}

TEST_CASE("pose: landmarks in one point end in numbers, not in a division by zero", "[face]") {
    const auto pose = pose_of(landmarks_of({{{50, 50}, {50, 50}, {50, 50}, {50, 50}, {50, 50}}}));
    CHECK(std::isfinite(pose.yaw));
    CHECK(std::isfinite(pose.roll_deg));
}

TEST_CASE("sharpness: flat is zero, blurring lowers it, the smallest pictures have one", "[face]") {
    CHECK(sharpness(Image{20, 20, PixelBytes(1200, 90)}) == Approx(0).margin(1e-3));
    Image checkers{20, 20, PixelBytes(1200, 0)};
    for (int y = 0; y < 20; ++y) {
        for (int x = 0; x < 20; ++x)
            std::fill_n(checkers.row(y) + x * 3, 3, static_cast<std::uint8_t>((x / 2 + y / 2) % 2 * 255));
    }
    const float sharp = sharpness(checkers);
    CHECK(sharp > 1000);
    CHECK(sharpness(blurred(checkers)) < sharp / 2);
    CHECK(std::isfinite(sharpness(Image{1, 1, PixelBytes(3, 7)})));
    CHECK(std::isfinite(sharpness(Image{2, 5, PixelBytes(30, 7)})));
}

TEST_CASE("aligner: mirrored photos have mirrored landmarks and pose", "[face][model]") {
    const auto models = model_folder();
    const auto samples = sample_folder();
    if (!models || !samples) return;
    const auto manifest = config::parse_manifest(config::embedded_manifest_yaml());
    const auto detector = make_rfb_detector(load_model(manifest, "detector", {*models}), Precision::f32);
    const Aligner aligner(read_landmark_model(landmark_model(*models)), {});
    Workspace workspace;
    std::size_t compared = 0;
    const auto files = sample_files(*samples);
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto image = decode_image(base::read_file(files[i], 1U << 28U).value(), {}).value().image;
        const auto turned_image = mirrored(image);
        for (const auto& found : detector->detect(image, workspace)) {
            const bool is_face = std::any_of(sample_faces()[i].begin(), sample_faces()[i].end(),
                                             [&](const Point& point) { return holds(found.box, point); });
            FaceQuality straight;
            estimate_pose(aligner.align(image, found.box), image.width_px, image.height_px, straight);
            // On a profile the landmark model guesses.
            if (!is_face || std::abs(straight.yaw) > 0.3F) continue;
            Box box = found.box;
            box.x = 1 - box.x - box.width;
            FaceQuality turned;
            estimate_pose(aligner.align(turned_image, box), image.width_px, image.height_px, turned);
            INFO(files[i] << " face at " << found.box.x << "," << found.box.y);
            // The landmark model is not symmetric itself: near is enough.
            CHECK(turned.yaw == Approx(-straight.yaw).margin(0.12));
            CHECK(turned.roll_deg == Approx(-straight.roll_deg).margin(6));
            ++compared;
        }
    }
    CHECK(compared >= 12);
}

TEST_CASE("aligner: boxes that reach over an edge, lie outside or have no size give landmarks all the same",
          "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const Aligner aligner(read_landmark_model(landmark_model(*models)), {});
    const Image image = make_picture(80, 60);
    for (const Box& box : {Box{-0.2F, -0.2F, 0.5F, 0.5F}, Box{0.8F, 0.8F, 0.5F, 0.5F}, Box{2, 2, 0.5F, 0.5F},
                           Box{0.5F, 0.5F, 0, 0}, Box{0, 0, 1, 1}}) {
        for (const Point& point : aligner.align(image, box)) {
            CHECK(std::isfinite(point.x));
            CHECK(std::isfinite(point.y));
        }
    }
    CHECK_NOTHROW(aligner.align(make_picture(1, 1), {0, 0, 1, 1}));
}

TEST_CASE("aligner: a landmark model that is cut short or is something else is refused", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const auto whole = landmark_model(*models);
    std::vector<std::vector<std::uint8_t>> damaged{{}, std::vector<std::uint8_t>(1000, 'x')};
    for (std::size_t i = 1; i < 6; ++i) {
        damaged.emplace_back(whole.begin(),
                             whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * i / 6));
    }
    for (const auto& bytes : damaged) {
        INFO(bytes.size() << " bytes");
        try {
            const Aligner aligner(read_landmark_model(bytes), {});
            FAIL_CHECK("no error was thrown");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::model_corrupt);
        }
    }
}
