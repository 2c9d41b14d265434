#pragma once

#include "findme/image.hpp"
#include "findme/result.hpp"
#include "image/bytes.hpp"

namespace findme::image {

/// The format the first bytes name.
/// @errors  image_unsupported, naming the format where it is a known one that findme does not decode.
[[nodiscard]] Result<ImageFormat> recognise(Bytes bytes);

}  // namespace findme::image
