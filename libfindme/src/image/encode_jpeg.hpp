#pragma once

#include <cstdint>
#include <vector>

#include "findme/image.hpp"

namespace findme::image {

/// A baseline JPEG without metadata, 4:2:0 below quality 90 and 4:4:4 from there on.
/// @param   quality  1-100, libjpeg's scale.
/// @errors  throws Error{invalid_argument} for an empty picture, one over 65500 px a side or a quality out of
/// range;
///          std::bad_alloc.
/// @threads safe; equal input gives equal bytes.
[[nodiscard]] std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality);

}  // namespace findme::image
