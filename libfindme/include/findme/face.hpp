#pragma once

#include <array>
#include <vector>

#include "findme/export.hpp"

namespace findme {

/// A point on the upright photo: 0,0 is the top left corner, 1,1 the bottom right one.
struct Point {
    float x = 0;
    float y = 0;
};

/// A rectangle on the upright photo, in fractions of its width and height. May reach over an edge.
struct Box {
    float x = 0;
    float y = 0;
    float width = 0;
    float height = 0;
};

/// dlib's five points, seen in the picture: outer and inner corner of the right-hand eye, outer and inner
/// corner of the left-hand eye, base of the nose.
/// @source shape_predictor_5_face_landmarks (CC0).
using Landmarks = std::array<Point, 5>;

/// What decides whether a face is worth comparing.
struct FaceQuality {
    float height_px = 0;  ///< Of the box, in pixels of the photo as stored (not as decoded).
    float sharpness = 0;  ///< Variance of the Laplacian over the aligned grey chip; see selfie.min_sharpness.
    float yaw =
        0;  ///< Nose's offset from the eyes' middle over the eye distance: 0 frontal, see selfie.max_yaw.
    float roll_deg = 0;  ///< Tilt of the line through the eyes; 0 is level.
};

/// One detected face.
struct Face {
    Box box;
    Landmarks landmarks;
    float score = 0;  ///< The detector's confidence, 0-1.
    FaceQuality quality;
};

/// A face's descriptor: as many numbers as its model makes, of unit length; compared by Euclidean distance,
/// within one model only.
using Template = std::vector<float>;

}  // namespace findme
