#pragma once

#include <cstdint>
#include <span>

#include "face/graph.hpp"

namespace findme::face {

/// Where a network ends.
enum class OnnxEnd {
    /// At its detection heads: the convolutions whose output is transposed to B x H x W x C and nothing else.
    /// What follows (reshaping, box decoding for one fixed size) is left out, so that the network runs at any
    /// input size.
    detection_heads,
    /// At the file's outputs.
    outputs,
};

/// Reads a convolutional network from an ONNX file.
///
/// Understands Conv, Relu, PRelu, LeakyRelu, BatchNormalization, Add, Sub, Mul and Div (of two tensors, or by
/// constants: a number or one for each channel), Concat along channels, MaxPool, AveragePool,
/// GlobalAveragePool, Gemm and MatMul by constants (as a convolution over all of H x W), Resize or Upsample
/// by two to the nearest element; Flatten, Reshape, Squeeze, Dropout, Identity and a last LpNormalization are
/// passed over. What scales or shifts a convolution's output folds into its weights.
/// @param    bytes  the whole file.
/// @return   a valid graph whose outputs are in the file's order.
/// @errors   throws Error{model_corrupt, model_shape_mismatch} when the file is not well-formed or uses an
/// operation that it does not know.
[[nodiscard]] Graph read_onnx(std::span<const std::uint8_t> bytes, OnnxEnd end = OnnxEnd::detection_heads);

}  // namespace findme::face
