#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "face/detector.hpp"

namespace findme::face {

struct YuNetOptions {
    /// Long sides, in pixels, at which the photo is looked at. Faces of more than about 300 px at one of them
    /// are seen at a smaller one only.
    std::vector<int> long_sides_px = {320, 1024};
    float min_score = 0.6F;
    float max_overlap = 0.3F;  ///< A box that overlaps a better one by more is the same face.
};

/// Whether a network's outputs are those of YuNet's 2023 layout: at strides 8, 16 and 32 a class, an object,
/// a box and five points for every cell.
[[nodiscard]] bool has_yunet_heads(const Graph& graph);

/// YuNet, 2023 layout, run at several sizes.
/// @param    onnx  a file of libfacedetection.train, for whatever input size.
/// @errors   throws Error{model_corrupt, model_shape_mismatch}.
[[nodiscard]] std::unique_ptr<Detector> make_yunet_detector(std::span<const std::uint8_t> onnx,
                                                            Precision precision, YuNetOptions options = {});

}  // namespace findme::face
