#include "face/face_analyser.hpp"

#include <algorithm>

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

}  // namespace findme::face
