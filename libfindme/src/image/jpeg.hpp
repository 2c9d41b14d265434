#pragma once

#include <optional>

#include "findme/image.hpp"
#include "findme/result.hpp"
#include "image/bytes.hpp"

namespace findme::image {

struct JpegKernels;

// The two decoders that read_jpeg_pixels chooses from. Both give the pixels as stored, at 1/1, 1/2, 1/4 or
// 1/8. The header was judged before.

/// Our own, for the files that cameras and phones write: sequential, one scan, gray or 4:4:4 to 4:2:0. Pixels
/// are libjpeg's. Nothing where the file is of another kind, or anything in it is not as it should be: it
/// accepts no file that libjpeg refuses.
[[nodiscard]] std::optional<Image> read_jpeg_with(const JpegKernels& kernels, Bytes bytes, int divisor);

/// libjpeg, which has the last word on every file.
[[nodiscard]] Result<Image> read_jpeg_with_libjpeg(Bytes bytes, int divisor);

}  // namespace findme::image
