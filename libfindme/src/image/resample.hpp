#pragma once

#include "findme/image.hpp"

namespace findme::image {

/// The picture at exactly width_px x height_px: averaged over areas where neither side grows, bilinear
/// otherwise.
/// @errors  throws Error{invalid_argument} for an empty picture or a size below 1; std::bad_alloc.
/// @threads safe; single-threaded, equal input gives equal pixels.
[[nodiscard]] Image resize_area(const Image& image, int width_px, int height_px);

}  // namespace findme::image
