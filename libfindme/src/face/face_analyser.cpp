#include "face/face_analyser.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "image/orient.hpp"

namespace findme::face {

namespace {

/// Quarter turns as EXIF numbers them, clockwise by 90, 270 and 180 degrees: cameras lie on their side more
/// often than on their head.
constexpr std::array kTurns{6, 8, 3};
/// Of a face found by turning the photo. Three more looks are three more chances of an accident, so that a
/// face has to be as sure as three and a half votes make it; see merge_votes.
constexpr float kMinTurnedScore = 0.78F;

/// Where a point of the turned picture lies on the one that was turned.
Point turned_back(const Point& point, int turn) {
    switch (turn) {
        case 6:
            return {point.y, 1 - point.x};
        case 8:
            return {1 - point.y, point.x};
        default:
            return {1 - point.x, 1 - point.y};
    }
}

Box turned_back(const Box& box, int turn) {
    const Point a = turned_back(Point{box.x, box.y}, turn);
    const Point b = turned_back(Point{box.x + box.width, box.y + box.height}, turn);
    return {std::min(a.x, b.x), std::min(a.y, b.y), std::abs(a.x - b.x), std::abs(a.y - b.y)};
}

float turned_back(float roll_deg, int turn) {
    const float turned = roll_deg - (turn == 6 ? 90.0F : turn == 8 ? -90.0F : 180.0F);
    return std::remainder(turned, 360.0F);
}

void turn_back(Face& face, int turn) {
    face.box = turned_back(face.box, turn);
    for (Point& point : face.landmarks) point = turned_back(point, turn);
    face.quality.roll_deg = turned_back(face.quality.roll_deg, turn);
}

}  // namespace

std::vector<AnalysedFace> FaceAnalyser::analyse(const Image& image, int stored_height_px,
                                                Workspace& workspace) const {
    auto detections = detector_->detect(image, workspace);
    if (!detections.empty()) return describe(image, std::move(detections), stored_height_px, workspace);
    // Nobody is on it, or it lies on its side and nothing says so.
    for (const int turn : kTurns) {
        const Image turned = image::upright(image, turn);
        detections = detector_->detect(turned, workspace);
        // Best first; where one is sure of the turn, the others are as good as on an upright photo.
        if (detections.empty() || detections.front().score < kMinTurnedScore) continue;
        const bool swapped = turn != 3;
        const int turned_height_px =
            swapped ? static_cast<int>(std::int64_t{stored_height_px} * image.width_px / image.height_px)
                    : stored_height_px;
        auto faces = describe(turned, std::move(detections), turned_height_px, workspace);
        for (AnalysedFace& face : faces) turn_back(face.face, turn);
        return faces;
    }
    return {};
}

std::vector<AnalysedFace> FaceAnalyser::describe(const Image& image, std::vector<Detection> detections,
                                                 int stored_height_px, Workspace& workspace) const {
    std::sort(detections.begin(), detections.end(), [](const Detection& a, const Detection& b) {
        return a.box.y != b.box.y ? a.box.y < b.box.y : a.box.x < b.box.x;
    });
    std::vector<AnalysedFace> faces;
    std::vector<Landmarks> landmarks;
    faces.reserve(detections.size());
    for (const auto& detection : detections) {
        landmarks.push_back(aligner_->align(image, detection.box));
        AnalysedFace& analysed = faces.emplace_back();
        analysed.face = {detection.box, landmarks.back(), detection.score, {}};
        analysed.face.quality.height_px = detection.box.height * static_cast<float>(stored_height_px);
        estimate_pose(landmarks.back(), image.width_px, image.height_px, analysed.face.quality);
    }
    FaceChips chips(image, std::move(landmarks));
    auto templates = recogniser_->describe(chips, workspace);
    const std::vector<Image>& judged = chips.of(dlib_chip_shape());
    for (std::size_t i = 0; i < faces.size(); ++i) {
        faces[i].face.quality.sharpness = sharpness(judged[i]);
        faces[i].face_template = std::move(templates[i]);
    }
    return faces;
}

}  // namespace findme::face
