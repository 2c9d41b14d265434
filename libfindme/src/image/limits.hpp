#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "findme/error.hpp"
#include "findme/image.hpp"

namespace findme::image {

/// The error when a file of `size_bytes` is empty or over limits.max_file_bytes.
[[nodiscard]] std::optional<ErrorInfo> judge_file_size(std::size_t size_bytes, const ImageLimits& limits);

/// The error when a header's dimensions are zero (image_malformed) or over a limit (image_too_large).
/// @param format  as messages name it, `JPEG`.
[[nodiscard]] std::optional<ErrorInfo> judge_dimensions(std::string_view format, std::int64_t width_px,
                                                        std::int64_t height_px, const ImageLimits& limits);

/// The error when a JPEG has more scans than limits.max_jpeg_scans.
[[nodiscard]] std::optional<ErrorInfo> judge_jpeg_scans(int scan_count, const ImageLimits& limits);

/// height_px x width_px x channels bytes, not cleared: the caller writes all of them or gives none away. The
/// one place that sizes a buffer from a header.
/// @pre     the dimensions were judged.
/// @errors  throws std::bad_alloc when the product does not fit or memory is out.
[[nodiscard]] PixelBytes pixel_buffer(std::int64_t width_px, std::int64_t height_px, int channels);

}  // namespace findme::image
