#pragma once

#include "findme/image.hpp"

namespace findme::image {

/// The picture at exactly width_px x height_px: averaged over areas where neither side grows, bilinear
/// otherwise. Within one level of OpenCV's INTER_AREA and INTER_LINEAR (resample_test.cpp), and several times
/// as fast: what a detector sees of a photo costs little more than reading its pixels once.
/// @errors  throws Error{invalid_argument} for an empty picture or a size below 1; std::bad_alloc.
/// @threads safe; single-threaded, equal input gives equal pixels on every processor.
[[nodiscard]] Image resize_area(const Image& image, int width_px, int height_px);

}  // namespace findme::image
