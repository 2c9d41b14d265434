#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "face/detector.hpp"

namespace findme::face {

struct RfbOptions {
    /// Long sides, in pixels, at which the photo is looked at; at least one. One width misses faces over 256
    /// px and shrinks small ones away; the boxes of all widths are merged.
    std::vector<int> long_sides_px = {128, 320, 640, 1024};
    float min_vote = 0.5F;   ///< A prior's score from which it counts as a vote.
    float min_score = 0.6F;  ///< Of the merged face, see merge_votes: 0.6 asks for one and a half sure votes.
    float merge_overlap = 0.3F;
};

/// Whether a network's outputs are those of RFB-320: for each of four levels the scores and the offsets.
[[nodiscard]] bool has_rfb_heads(const Graph& graph);

/// The RFB-320 network of Ultra-Light-Fast-Generic-Face-Detector-1MB run at several sizes.
/// @param    onnx  fr_detect.onnx or a file of the same structure.
/// @errors   throws Error{model_corrupt, model_shape_mismatch}.
[[nodiscard]] std::unique_ptr<Detector> make_rfb_detector(std::span<const std::uint8_t> onnx,
                                                          Precision precision, RfbOptions options = {});

}  // namespace findme::face
