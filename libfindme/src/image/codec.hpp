#pragma once

#include "base/vendor_library.hpp"
#include "findme/image.hpp"
#include "findme/result.hpp"
#include "image/bytes.hpp"

namespace findme::image {

// One pair of functions per format. The header function finds and judges everything that can be known without
// a pixel: dimensions, limits, the file's end, EXIF. The pixel function may then allocate; it gives the
// pixels as stored, before orientation. Both are stateless and safe to call from any thread, and both may
// throw std::bad_alloc.

[[nodiscard]] Result<ImageHeader> read_jpeg_header(Bytes bytes, const ImageLimits& limits);
[[nodiscard]] Result<Image> read_jpeg_pixels(Bytes bytes, const ImageHeader& header,
                                             const DecodeOptions& options);

/// The largest of libjpeg's divisors 1, 2, 4, 8 that leaves the long side at least what `options` ask for.
[[nodiscard]] int jpeg_scale_divisor(const ImageHeader& header, const DecodeOptions& options) noexcept;

[[nodiscard]] Result<ImageHeader> read_png_header(Bytes bytes, const ImageLimits& limits);
[[nodiscard]] Result<Image> read_png_pixels(Bytes bytes, const ImageHeader& header);

[[nodiscard]] Result<ImageHeader> read_webp_header(Bytes bytes, const ImageLimits& limits);
[[nodiscard]] Result<Image> read_webp_pixels(Bytes bytes, const ImageHeader& header);

[[nodiscard]] const base::VendorLibrary& webp_library();

[[nodiscard]] Result<ImageHeader> read_tiff_header(Bytes bytes, const ImageLimits& limits);
[[nodiscard]] Result<Image> read_tiff_pixels(Bytes bytes, const ImageHeader& header);

/// HEIC and AVIF: which of them it is stands in the header that comes back.
[[nodiscard]] Result<ImageHeader> read_heif_header(Bytes bytes, const ImageLimits& limits);
[[nodiscard]] Result<Image> read_heif_pixels(Bytes bytes, const ImageHeader& header,
                                             const ImageLimits& limits);

/// A camera's raw photo: the largest JPEG that the camera put into it.
[[nodiscard]] Result<ImageHeader> read_raw_header(Bytes bytes, const ImageLimits& limits);
[[nodiscard]] Result<Image> read_raw_pixels(Bytes bytes, const ImageHeader& header,
                                            const DecodeOptions& options);

/// Before the first of many photos: that what an installation is never without can be loaded. Found amid
/// them, it would look like a fault of the photos.
/// @errors throws Error{internal}.
void require_decoders();

}  // namespace findme::image
