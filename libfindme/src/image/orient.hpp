#pragma once

#include "findme/image.hpp"

namespace findme::image {

/// Turns pixels as stored into pixels as seen.
/// @param orientation  EXIF orientation 1-8; 5-8 swap width and height. Anything else counts as 1.
[[nodiscard]] Image upright(Image stored, int orientation);

}  // namespace findme::image
