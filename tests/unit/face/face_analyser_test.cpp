#include "face/face_analyser.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "base/file.hpp"
#include "config/model_manifest.hpp"
#include "face/model_files.hpp"
#include "face/recognition_kind.hpp"
#include "face/rfb_detector.hpp"
#include "image/orient.hpp"
#include "search/probe.hpp"
#include "support/make_image.hpp"
#include "support/resources.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;

namespace {

/// Where a point lies on the picture that image::upright(picture, turn) makes.
Point turned(const Point& point, int turn) {
    switch (turn) {
        case 6:
            return {1 - point.y, point.x};
        case 8:
            return {point.y, 1 - point.x};
        default:
            return {1 - point.x, 1 - point.y};
    }
}

/// Sees faces on one picture alone: the detector itself finds some faces lying on their side.
class UprightOnly final : public Detector {
  public:
    UprightOnly(std::unique_ptr<Detector> detector, const Image& upright)
        : detector_(std::move(detector)), upright_(upright) {}
    [[nodiscard]] std::vector<Detection> detect(const Image& image, Workspace& workspace) const override {
        if (image.pixels != upright_.pixels) return {};
        return detector_->detect(image, workspace);
    }

  private:
    std::unique_ptr<Detector> detector_;
    const Image& upright_;
};

Point middle(const Box& box) {
    return {box.x + box.width / 2, box.y + box.height / 2};
}

}  // namespace

TEST_CASE("analyser: a photo that lies on its side gives the faces it gives upright", "[face][model]") {
    const auto models = model_folder();
    const auto samples = sample_folder();
    if (!models || !samples) return;
    Workspace workspace;
    const auto upright =
        decode_image(base::read_file(sample_files(*samples)[2], 1U << 28U).value(), {}, {kEnoughLongSide_px})
            .value()
            .image;
    const auto manifest = config::parse_manifest(config::embedded_manifest_yaml());
    const auto load = [&](const char* job) { return load_model(manifest, job, {*models}); };
    std::vector<RecogniserPart> parts;
    const std::string kind = "dlib-resnet";
    parts.push_back({std::make_unique<ChipNetwork>(read_recognition(kind, load("recognition")),
                                                   chip_input_of(kind, true), Precision::f32),
                     1});
    const auto analyser = std::make_unique<FaceAnalyser>(
        std::make_unique<UprightOnly>(make_rfb_detector(load("detector"), Precision::f32), upright),
        std::make_unique<Aligner>(read_landmark_model(load("landmarks")), BoxCalibration{}),
        make_recogniser(std::move(parts)));
    const auto expected = analyser->analyse(upright, upright.height_px, workspace);
    REQUIRE(expected.size() > 2);
    for (const int turn : {6, 8, 3}) {
        INFO("turned as orientation " << turn);
        const Image lying = image::upright(upright, turn);
        const auto found = analyser->analyse(lying, lying.height_px, workspace);
        CHECK(found.size() == expected.size());
        for (const AnalysedFace& wanted : expected) {
            const Point centre = turned(middle(wanted.face.box), turn);
            const auto same = std::find_if(found.begin(), found.end(), [&](const AnalysedFace& face) {
                const Point at = middle(face.face.box);
                return std::hypot(at.x - centre.x, at.y - centre.y) < 1e-4F;
            });
            REQUIRE(same != found.end());
            CHECK(search::distance(same->face_template, wanted.face_template) < 1e-4);
            CHECK(same->face.quality.height_px == Approx(wanted.face.quality.height_px).epsilon(0.01));
            const Point nose = turned(wanted.face.landmarks[4], turn);
            CHECK(same->face.landmarks[4].x == Approx(nose.x).margin(1e-4));
            CHECK(same->face.landmarks[4].y == Approx(nose.y).margin(1e-4));
            const float wanted_roll = wanted.face.quality.roll_deg + (turn == 6   ? 90.0F
                                                                      : turn == 8 ? -90.0F
                                                                                  : 180.0F);
            CHECK(std::abs(std::remainder(same->face.quality.roll_deg - wanted_roll, 360.0F)) < 0.1F);
        }
    }
}

TEST_CASE("analyser: a picture of nobody has no face, however it is turned", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const auto analyser = load_face_analyser(config::parse_manifest(config::embedded_manifest_yaml()),
                                             {*models}, Precision::f32);
    Workspace workspace;
    for (const auto& [width, height] : {std::pair{640, 480}, {480, 640}, {1, 1}, {3, 900}}) {
        CHECK(analyser->analyse(make_picture(width, height), height, workspace).empty());
    }
}
