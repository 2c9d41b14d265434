#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "image/coded_still.hpp"
#include "image/exif.hpp"
#include "image/heif_container.hpp"

namespace findme::image {

/// A picture put together of coded ones, all of one size: one, or the tiles of a grid, row by row.
struct HeifLayer {
    int width_px = 0;
    int height_px = 0;
    int columns = 1;
    std::vector<CodedStill> tiles;
};

/// What of a picture is to be seen, in stored pixels.
struct HeifCrop {
    int left_px = 0;
    int top_px = 0;
    int width_px = 0;
    int height_px = 0;
};

/// The primary picture of a HEIF file, judged and not yet decoded. Borrows the file's bytes.
struct HeifPicture {
    HeifContainer container;  ///< What the tiles point into.
    HeifLayer colour;
    std::optional<HeifLayer> alpha;  ///< Of the same size.
    bool premultiplied = false;
    HeifCrop crop;
    /// The container's turns and mirrors, as the EXIF value that means the same; EXIF's own where it has
    /// none.
    int orientation = 1;
    ExifFacts exif;
};

/// Finds the primary picture and all it is made of.
/// @errors  image_malformed, image_unsupported, image_too_large.
[[nodiscard]] Result<HeifPicture> read_heif_picture(Bytes bytes, const ImageLimits& limits);

/// The EXIF orientation that does what `first` and then `second` do; both 1-8.
[[nodiscard]] int orientation_after(int first, int second);

}  // namespace findme::image
