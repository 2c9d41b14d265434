#pragma once

#include <memory>

#include "face/landmark_model.hpp"
#include "findme/face.hpp"
#include "findme/image.hpp"

namespace findme::face {

/// How a detector's box becomes the square that the landmark model was trained on. Fractions of the box
/// height.
struct BoxCalibration {
    float side = 0.90F;
    float centre_down = 0.00F;
};

/// Finds the five landmarks of a face.
class Aligner {
  public:
    /// @param    model  of shape_predictor_5_face_landmarks.dat, valid.
    /// @errors   throws Error{model_corrupt} when it does not have five points.
    Aligner(LandmarkModel model, BoxCalibration calibration);
    ~Aligner();

    /// @param    box  as the detector gave it.
    /// @threads  const, safe to call concurrently.
    [[nodiscard]] Landmarks align(const Image& image, const Box& box) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Variance of the Laplacian over the chip in grey: how sharp it is.
[[nodiscard]] float sharpness(const Image& chip);

/// Fills yaw and roll from the landmarks.
/// @param width_px, height_px  of the image the landmarks are fractions of.
void estimate_pose(const Landmarks& landmarks, int width_px, int height_px, FaceQuality& quality);

}  // namespace findme::face
