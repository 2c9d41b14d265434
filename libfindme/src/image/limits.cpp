#include "image/limits.hpp"

#include <new>
#include <string>

#include "base/checked.hpp"
#include "image/failure.hpp"

namespace findme::image {

std::optional<ErrorInfo> judge_file_size(std::size_t size_bytes, const ImageLimits& limits) {
    if (size_bytes == 0)
        return ErrorInfo{
            .code = ErrorCode::image_malformed,
            .message = "is empty (0 bytes): copy it again from the camera or ask for the original"};
    if (size_bytes > limits.max_file_bytes)
        return too_large("holds " + std::to_string(size_bytes) + " bytes, the limit is " +
                         std::to_string(limits.max_file_bytes) + " bytes (raise image.max_file_bytes)");
    return std::nullopt;
}

std::optional<ErrorInfo> judge_dimensions(std::string_view format, std::int64_t width_px,
                                          std::int64_t height_px, const ImageLimits& limits) {
    const std::string size = std::to_string(width_px) + "x" + std::to_string(height_px);
    if (width_px <= 0 || height_px <= 0) return malformed(format, "its header declares " + size + " px");
    if (width_px > limits.max_side_px || height_px > limits.max_side_px)
        return too_large("declares " + size + " px, the limit is " + std::to_string(limits.max_side_px) +
                         " px a side (raise image.max_side_px)");
    const auto pixels = base::checked_mul(width_px, height_px);
    if (!pixels || *pixels > limits.max_pixels)
        return too_large("declares " + size + " px, the limit is " + std::to_string(limits.max_pixels) +
                         " pixels in all (raise image.max_pixels)");
    return std::nullopt;
}

std::optional<ErrorInfo> judge_jpeg_scans(int scan_count, const ImageLimits& limits) {
    if (scan_count <= limits.max_jpeg_scans) return std::nullopt;
    return too_large("is a JPEG of " + std::to_string(scan_count) + " scans, the limit is " +
                     std::to_string(limits.max_jpeg_scans) + " (raise image.max_jpeg_scans)");
}

PixelBytes pixel_buffer(std::int64_t width_px, std::int64_t height_px, int channels) {
    const auto pixels = base::checked_mul(width_px, height_px);
    const auto bytes = pixels ? base::checked_mul(*pixels, std::int64_t{channels}) : std::nullopt;
    if (!bytes || *bytes < 0) throw std::bad_alloc();
    return PixelBytes(static_cast<std::size_t>(*bytes));
}

}  // namespace findme::image
