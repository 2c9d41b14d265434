#include "face/face_analyser.hpp"

#include <algorithm>

#include "face/model_files.hpp"
#include "face/rfb_detector.hpp"

namespace findme::face {

std::vector<AnalysedFace> FaceAnalyser::analyse(const Image& image, int stored_height_px,
                                                Workspace& workspace) const {
    auto detections = detector_->detect(image, workspace);
    std::sort(detections.begin(), detections.end(), [](const Detection& a, const Detection& b) {
        return a.box.y != b.box.y ? a.box.y < b.box.y : a.box.x < b.box.x;
    });
    std::vector<AnalysedFace> faces;
    faces.reserve(detections.size());
    for (const auto& detection : detections) {
        const AlignedFace aligned = aligner_->align(image, detection.box);
        AnalysedFace analysed;
        analysed.face = {detection.box, aligned.landmarks, detection.score, {}};
        analysed.face.quality.height_px = detection.box.height * static_cast<float>(stored_height_px);
        analysed.face.quality.sharpness = sharpness(aligned.chip);
        estimate_pose(aligned.landmarks, image.width_px, image.height_px, analysed.face.quality);
        analysed.face_template = recogniser_->describe(aligned.chip, workspace);
        faces.push_back(analysed);
    }
    return faces;
}

std::unique_ptr<FaceAnalyser> load_face_analyser(const ModelManifest& manifest,
                                                 const std::vector<std::string>& folders) {
    auto detector = make_rfb_detector(load_model(manifest, "detector", folders));
    auto aligner = std::make_unique<Aligner>(load_model(manifest, "landmarks", folders), BoxCalibration{});
    auto recogniser = std::make_unique<Recogniser>(load_model(manifest, "recognition", folders));
    return std::make_unique<FaceAnalyser>(std::move(detector), std::move(aligner), std::move(recogniser));
}

}  // namespace findme::face
