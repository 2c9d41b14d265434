#pragma once

#include <cstdint>
#include <span>

#include "face/graph.hpp"

namespace findme::face {

/// Reads the part of an ONNX file from its input up to its detection heads: the convolutions whose output is
/// transposed to B x H x W x C and nothing else. What follows (reshaping, box decoding for one fixed size) is
/// left out, so that the network runs at any input size. Understands Conv, Relu, Add, Concat along channels,
/// Mul by a constant number, MaxPool, and Resize or Upsample by two to the nearest element.
/// @param    bytes  the whole file.
/// @return   a valid graph whose outputs are the heads, in the file's order.
/// @errors   throws Error{model_corrupt, model_shape_mismatch} when the file is not well-formed or uses an
/// operation
///           that it does not know.
[[nodiscard]] Graph read_onnx(std::span<const std::uint8_t> bytes);

}  // namespace findme::face
