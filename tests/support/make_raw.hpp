#pragma once

#include <string>

#include "support/make_image.hpp"

namespace findme::testing {

struct RawFields {
    int preview_width_px = 0;   ///< What the directory says of the JPEG.
    int preview_height_px = 0;  ///< What the directory says of the JPEG.
    int orientation = 1;
    std::string original = {};  ///< DateTimeOriginal, left out when empty.
};

/// A camera's raw photo (DNG), little-endian: a thumbnail, then `jpeg` as its preview, then a landscape
/// sensor's data, which nothing here looks at.
[[nodiscard]] ByteVector make_raw(const ByteVector& jpeg, const RawFields& fields);

}  // namespace findme::testing
