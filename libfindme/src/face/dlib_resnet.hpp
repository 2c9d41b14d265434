#pragma once

#include <cstdint>
#include <span>

#include "face/graph.hpp"

namespace findme::face {

/// Side of the chips that dlib's recognition network takes.
inline constexpr int kChipSide_px = 150;

/// Reads dlib's recognition network into a graph: every batch norm is an affine that folds into its
/// convolution; the final matrix becomes a 1x1 convolution. Input 150 x 150 x 3 as normalise_chip makes it,
/// output 1 x 1 x 128.
/// @param    bytes  dlib_face_recognition_resnet_model_v1.dat.
/// @errors   throws Error{model_corrupt} when dlib cannot read it as that network.
[[nodiscard]] Graph read_dlib_resnet(std::span<const std::uint8_t> bytes);

}  // namespace findme::face
