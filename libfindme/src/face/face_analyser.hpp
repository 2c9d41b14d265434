#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "face/aligner.hpp"
#include "face/detector.hpp"
#include "face/network.hpp"
#include "face/recogniser.hpp"
#include "face/workspace.hpp"
#include "findme/face.hpp"
#include "findme/image.hpp"
#include "findme/model.hpp"

namespace findme::face {

/// A face with what identifies it.
struct AnalysedFace {
    Face face;
    Template face_template;
};

/// From an upright photo to its faces and templates: detector, landmarks, chip, network.
class FaceAnalyser {
  public:
    FaceAnalyser(std::unique_ptr<Detector> detector, std::unique_ptr<Aligner> aligner,
                 std::unique_ptr<Recogniser> recogniser)
        : detector_(std::move(detector)), aligner_(std::move(aligner)), recogniser_(std::move(recogniser)) {}

    /// A picture on which nobody is found is looked at lying on either side and on its head: not every camera
    /// says how it was held. Boxes and landmarks are those on the picture as it was given.
    /// @param    image             upright; at least one pixel.
    /// @param    stored_height_px  height of the photo as stored and upright: sizes are reported in its
    /// pixels.
    /// @return   from top to bottom, then left to right, so that the order does not depend on scores.
    /// @threads  const and safe to call concurrently, each thread with its own workspace.
    [[nodiscard]] std::vector<AnalysedFace> analyse(const Image& image, int stored_height_px,
                                                    Workspace& workspace) const;

    /// For callers who keep none of their own. Waits while there are as many at work as the machine has
    /// cores.
    [[nodiscard]] WorkspacePool::Lease workspace() const { return workspaces_.take(); }

  private:
    [[nodiscard]] std::vector<AnalysedFace> describe(const Image& image, std::vector<Detection> detections,
                                                     int stored_height_px, Workspace& workspace) const;

    std::unique_ptr<Detector> detector_;
    std::unique_ptr<Aligner> aligner_;
    std::unique_ptr<Recogniser> recogniser_;
    mutable WorkspacePool workspaces_{std::thread::hardware_concurrency()};
};

/// Long side that a photo keeps when it is decoded for analysis: the detector looks at no more than half of
/// it, which leaves the templates a factor of two.
inline constexpr int kEnoughLongSide_px = 2048;

/// How boxes of this kind of detector are aligned.
[[nodiscard]] BoxCalibration box_calibration(const DetectorKind& kind);

/// What makes templates, of the manifest's first recogniser.
/// @errors throws Error{model_missing, model_corrupt, model_shape_mismatch}.
[[nodiscard]] std::unique_ptr<Recogniser> load_recogniser(const ModelManifest& manifest,
                                                          const std::vector<std::string>& folders,
                                                          Precision precision);

/// Loads the three models of the manifest. The first time on a machine leaves two of them prepared beside the
/// model files, or in `cache_dir` where that folder takes no file: later ones map that instead of reading for
/// a quarter of a second.
/// @param    cache_dir  empty: none.
/// @errors   throws Error{model_missing, model_corrupt, model_shape_mismatch}.
[[nodiscard]] std::unique_ptr<FaceAnalyser> load_face_analyser(const ModelManifest& manifest,
                                                               const std::vector<std::string>& folders,
                                                               Precision precision,
                                                               const std::string& cache_dir = {});

}  // namespace findme::face
