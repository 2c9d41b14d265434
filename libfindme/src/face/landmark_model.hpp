#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace findme::face {

/// An ensemble of regression trees that moves landmarks from their mean shape towards a face's, as plain
/// arrays, so that it can be mapped from a file. Coordinates are fractions of the face's square.
/// @source Kazemi and Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees", CVPR
/// 2014; as dlib's shape_predictor runs it.
struct LandmarkModel {
    /// Goes left when pixel `first` minus pixel `second` is above the threshold.
    struct Split {
        std::uint32_t first = 0;
        std::uint32_t second = 0;
        float threshold = 0;
    };

    std::uint32_t points = 0;
    std::uint32_t cascades = 0;
    std::uint32_t trees = 0;            ///< Of one cascade.
    std::uint32_t splits = 0;           ///< Of one tree, which is full: it has one leaf more.
    std::uint32_t pixels = 0;           ///< Looked at by one cascade.
    std::span<const float> mean_shape;  ///< points x 2.
    std::span<const Split> nodes;       ///< cascades x trees x splits; the children of i are 2i+1 and 2i+2.
    std::span<const float> leaves;      ///< cascades x trees x (splits + 1) x points x 2.
    std::span<const std::uint32_t> anchors;  ///< cascades x pixels: the point that a pixel lies near.
    std::span<const float> offsets;          ///< cascades x pixels x 2: from that point.
    std::shared_ptr<const void> storage;     ///< Keeps alive what the spans point to.
};

/// @errors throws Error{model_corrupt} unless every array has the size and every index the range it must
/// have.
void validate(const LandmarkModel& model);

/// @param  dlib_model  a serialised dlib::shape_predictor.
/// @return a valid model.
/// @errors throws Error{model_corrupt}.
[[nodiscard]] LandmarkModel read_landmark_model(std::span<const std::uint8_t> dlib_model);

}  // namespace findme::face
