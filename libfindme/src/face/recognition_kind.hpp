#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "face/chip_network.hpp"
#include "face/graph.hpp"

namespace findme::face {

/// How a recognition network of this kind wants a face.
/// @param    with_mirror  its mirror image, too.
/// @param    kind  `dlib-resnet`; `arcface`: 112 x 112 px, with the eyes and the nose where networks of the
/// ArcFace family have them.
/// @errors   throws Error{model_shape_mismatch} for another kind.
[[nodiscard]] ChipInput chip_input_of(std::string_view kind, bool with_mirror);

/// Reads a recognition network's file: dlib's own format, or ONNX.
/// @errors throws Error{model_corrupt, model_shape_mismatch} when the file is not of this kind.
[[nodiscard]] Graph read_recognition(std::string_view kind, std::span<const std::uint8_t> bytes);

}  // namespace findme::face
