#pragma once

#include "image/bytes.hpp"

namespace findme::image {

/// What walking a JPEG's markers tells, without decoding.
struct JpegMarkers {
    int scan_count = 0;
    bool has_end = false;        ///< An end-of-image marker was reached: the file was not cut.
    std::size_t size_bytes = 0;  ///< Up to the end marker; what phones append after it is not counted.
    Bytes exif;                  ///< The first EXIF block, `Exif\0\0` included; empty where there is none.
};

/// Walks from marker to marker as libjpeg does, so that both see the same scans. Linear in the file's size.
[[nodiscard]] JpegMarkers walk_jpeg_markers(Bytes bytes);

}  // namespace findme::image
