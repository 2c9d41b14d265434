#include <algorithm>
#include <new>
#include <string>

#include "findme/image.hpp"
#include "image/codec.hpp"
#include "image/exif.hpp"
#include "image/failure.hpp"
#include "image/limits.hpp"
#include "image/magic.hpp"
#include "image/orient.hpp"
#include "image/tiff_file.hpp"

namespace findme {
namespace {

Result<ImageHeader> read_header_as(ImageFormat format, image::Bytes bytes, const ImageLimits& limits) {
    switch (format) {
        case ImageFormat::jpeg:
            return image::read_jpeg_header(bytes, limits);
        case ImageFormat::png:
            return image::read_png_header(bytes, limits);
        case ImageFormat::webp:
            return image::read_webp_header(bytes, limits);
        case ImageFormat::tiff:
            return image::read_tiff_header(bytes, limits);
        case ImageFormat::heic:
        case ImageFormat::avif:
            return image::read_heif_header(bytes, limits);
        case ImageFormat::raw:
            return image::read_raw_header(bytes, limits);
    }
    return ErrorInfo{.code = ErrorCode::internal, .message = "has an image format without a decoder"};
}

Result<Image> read_pixels(image::Bytes bytes, const ImageHeader& header, const ImageLimits& limits,
                          const DecodeOptions& options) {
    switch (header.format) {
        case ImageFormat::jpeg:
            return image::read_jpeg_pixels(bytes, header, options);
        case ImageFormat::png:
            return image::read_png_pixels(bytes, header);
        case ImageFormat::webp:
            return image::read_webp_pixels(bytes, header);
        case ImageFormat::tiff:
            return image::read_tiff_pixels(bytes, header);
        case ImageFormat::heic:
        case ImageFormat::avif:
            return image::read_heif_pixels(bytes, header, limits);
        case ImageFormat::raw:
            return image::read_raw_pixels(bytes, header, options);
    }
    return ErrorInfo{.code = ErrorCode::internal, .message = "has an image format without a decoder"};
}

ErrorInfo out_of_memory() {
    return image::too_large("needs more memory than there is (lower image.max_pixels or use fewer workers)");
}

}  // namespace

int image::jpeg_scale_divisor(const ImageHeader& header, const DecodeOptions& options) noexcept {
    if (options.enough_long_side_px <= 0) return 1;
    const int long_side_px = std::max(header.width_px, header.height_px);
    for (const int divisor : {8, 4, 2})
        if ((long_side_px + divisor - 1) / divisor >= options.enough_long_side_px) return divisor;
    return 1;
}

void image::require_decoders() {
    require_exif();
    const auto require = [](const base::VendorLibrary& library, const std::string& package) {
        if (library.usable()) return;
        throw Error(ErrorCode::internal, "photos cannot be decoded: " + library.why_not() +
                                             " (install the package " + package + ")");
    };
    require(webp_library(), "libwebp7");
    require(libtiff().library, "libtiff6");
}

std::size_t decoding_bytes(const ImageHeader& header, const DecodeOptions& options) noexcept {
    constexpr std::size_t kStoredAndUpright = 7;  // Bytes a pixel: four channels at most, and three turned.
    constexpr std::size_t kPacked = 8;            // The codec's own four channels, and ours.
    constexpr std::size_t kCoefficients = 6;      // At most, of a JPEG without subsampling: 16 bits a sample.
    constexpr std::size_t kTiff = 12;  // libtiff also holds a decoded strip, which may be all of it.
    // The decoder's planes, libheif's copy and its colours, at 16 bits a sample where there are more than 8.
    constexpr std::size_t kHeif = 13;
    const auto pixels =
        static_cast<std::size_t>(header.width_px) * static_cast<std::size_t>(header.height_px);
    switch (header.format) {
        case ImageFormat::tiff:
            return pixels * kTiff;
        case ImageFormat::heic:
        case ImageFormat::avif:
            return pixels * kStoredAndUpright + static_cast<std::size_t>(header.decoder_px) * kHeif;
        case ImageFormat::png:
        case ImageFormat::webp:
            return pixels * kPacked;
        case ImageFormat::jpeg:
        case ImageFormat::raw:
            break;
    }
    const auto divisor = static_cast<std::size_t>(image::jpeg_scale_divisor(header, options));
    return pixels / (divisor * divisor) * kStoredAndUpright +
           (header.in_several_scans ? pixels * kCoefficients : 0);
}

std::string_view to_string(ImageFormat format) noexcept {
    switch (format) {
        case ImageFormat::jpeg:
            return "jpeg";
        case ImageFormat::png:
            return "png";
        case ImageFormat::webp:
            return "webp";
        case ImageFormat::tiff:
            return "tiff";
        case ImageFormat::heic:
            return "heic";
        case ImageFormat::avif:
            return "avif";
        case ImageFormat::raw:
            return "raw";
    }
    return "unknown";
}

Result<ImageHeader> read_image_header(std::span<const std::uint8_t> bytes, const ImageLimits& limits) {
    try {
        if (auto refusal = image::judge_file_size(bytes.size(), limits)) return *std::move(refusal);
        const auto format = image::recognise(bytes);
        if (!format) return format.error();
        return read_header_as(*format, bytes, limits);
    } catch (const std::bad_alloc&) {
        return out_of_memory();
    }
}

Result<DecodedImage> decode_image(std::span<const std::uint8_t> bytes, const ImageLimits& limits,
                                  const DecodeOptions& options) {
    try {
        const auto header = read_image_header(bytes, limits);
        if (!header) return header.error();
        auto stored = read_pixels(bytes, *header, limits, options);
        if (!stored) return stored.error();
        return DecodedImage{*header, image::upright(*std::move(stored), header->orientation)};
    } catch (const std::bad_alloc&) {
        // One huge photo beside other workers is that photo's failure, not the run's.
        return out_of_memory();
    }
}

}  // namespace findme
