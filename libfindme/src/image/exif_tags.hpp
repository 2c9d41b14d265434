#pragma once

#include <cstdint>
#include <string>

#include "base/part.hpp"
#include "image/bytes.hpp"

namespace findme::image {

/// A time as EXIF writes it, and its distance from UTC where the block has one.
struct ExifTime {
    std::string time;
    std::string offset;
};

/// What findme asks an EXIF block for, as it stands there.
struct ExifTags {
    std::int64_t orientation = 1;
    ExifTime original;
    ExifTime digitized;
};

/// What needs Exiv2: a part that the first photo with EXIF loads.
struct ExifReader : base::PartHeader {
    /// @param   block  a TIFF structure.
    /// @return  the defaults for what the block does not have, and for all of a damaged one.
    /// @threads safe.
    ExifTags (*read)(Bytes block);
};

}  // namespace findme::image
