#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "face/detector.hpp"

namespace findme::face {

/// Which detector an ONNX file is, from the outputs its network has; its name says nothing.
/// @return   `rfb` or `yunet`.
/// @errors   throws Error{model_corrupt, model_shape_mismatch} when it is none that findme runs.
[[nodiscard]] std::string recognise_detector(std::span<const std::uint8_t> onnx);

/// @param    kind  as recognise_detector() gives it.
/// @errors   throws Error{model_corrupt, model_shape_mismatch} when the file is not of this kind.
[[nodiscard]] std::unique_ptr<Detector> make_detector(std::string_view kind,
                                                      std::span<const std::uint8_t> onnx,
                                                      Precision precision);

}  // namespace findme::face
