#pragma once

#include <optional>
#include <string_view>

#include "findme/clock.hpp"
#include "image/bytes.hpp"

namespace findme::image {

/// What findme takes from EXIF.
struct ExifFacts {
    int orientation = 1;  ///< 1-8.
    std::optional<Timestamp> captured_at;
};

/// Reads one EXIF block: a TIFF structure, with or without `Exif\0\0` before it. Empty or damaged blocks give
/// the defaults: bad metadata never costs a photo.
/// @errors   throws as base::load_part().
/// @threads  safe.
[[nodiscard]] ExifFacts read_exif(Bytes block);

/// Loads what read_exif() needs, which else the first block does.
/// @errors throws as base::load_part().
void require_exif();

/// `value` where it is an EXIF orientation, else 1.
[[nodiscard]] int orientation_or_upright(std::int64_t value);

/// Reads EXIF's `2024:05:31 18:04:59`, with EXIF's `+02:00` where `offset` has one, else as UTC.
/// @return nothing where the camera's clock was not set (blanks, zeros) or the text is no time.
[[nodiscard]] std::optional<Timestamp> parse_exif_time(std::string_view time, std::string_view offset);

}  // namespace findme::image
