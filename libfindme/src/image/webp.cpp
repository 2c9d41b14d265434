#include <webp/decode.h>

#include "base/vendor_library.hpp"
#include "image/channels.hpp"
#include "image/codec.hpp"
#include "image/exif.hpp"
#include "image/failure.hpp"
#include "image/limits.hpp"

namespace findme::image {
namespace {

/// Bound by hand: the header's own wrappers would have it linked.
struct LibWebp {
    base::VendorLibrary library{"libwebp.so.7"};
    decltype(&WebPGetFeaturesInternal) get_features = nullptr;
    decltype(&WebPInitDecoderConfigInternal) init_decoder_config = nullptr;
    decltype(&WebPDecode) decode = nullptr;
    decltype(&WebPFreeDecBuffer) free_buffer = nullptr;

    LibWebp() {
        library.bind(get_features, "WebPGetFeaturesInternal");
        library.bind(init_decoder_config, "WebPInitDecoderConfigInternal");
        library.bind(decode, "WebPDecode");
        library.bind(free_buffer, "WebPFreeDecBuffer");
    }
};

const LibWebp& lib() {
    static const LibWebp loaded;
    return loaded;
}

VP8StatusCode get_features(Bytes bytes, WebPBitstreamFeatures& features) {
    return lib().get_features(bytes.data(), bytes.size(), &features, WEBP_DECODER_ABI_VERSION);
}

constexpr std::size_t kRiffHeaderBytes = 12;  // "RIFF", size, "WEBP".
constexpr std::size_t kChunkHeaderBytes = 8;  // Type, size.

/// The file up to the end its RIFF header declares; nothing when it was cut before that.
Bytes riff_content(Bytes bytes) {
    if (bytes.size() < kRiffHeaderBytes) return {};
    const std::uint64_t end = std::uint64_t{read_u32_le(bytes, 4)} + 8;
    if (end < kRiffHeaderBytes || end > bytes.size()) return {};
    return bytes.first(static_cast<std::size_t>(end));
}

Bytes find_exif(Bytes riff) {
    for (std::size_t at = kRiffHeaderBytes; at < riff.size() && riff.size() - at >= kChunkHeaderBytes;) {
        const std::size_t length = read_u32_le(riff, at + 4);
        if (length > riff.size() - at - kChunkHeaderBytes) return {};
        if (has_text(riff, at, "EXIF")) return riff.subspan(at + kChunkHeaderBytes, length);
        at += kChunkHeaderBytes + length + length % 2;  // Chunks are padded to even sizes.
    }
    return {};
}

ErrorInfo failure(VP8StatusCode status) {
    switch (status) {
        case VP8_STATUS_OUT_OF_MEMORY:
            return too_large("needs more memory than there is (lower image.max_pixels or use fewer workers)");
        case VP8_STATUS_UNSUPPORTED_FEATURE:
            return unsupported("a WebP file with a feature libwebp does not know");
        case VP8_STATUS_NOT_ENOUGH_DATA:
        case VP8_STATUS_SUSPENDED:
            return malformed("WebP", "it ends too early");
        default:
            return malformed("WebP", "its data is corrupt");
    }
}

}  // namespace

const base::VendorLibrary& webp_library() {
    return lib().library;
}

Result<ImageHeader> read_webp_header(Bytes bytes, const ImageLimits& limits) {
    if (!lib().library.usable()) return no_decoder("a WebP file", "libwebp", lib().library, "libwebp7");
    WebPBitstreamFeatures features{};
    const VP8StatusCode status = get_features(bytes, features);
    if (status != VP8_STATUS_OK) return failure(status);
    if (auto refusal = judge_dimensions("WebP", features.width, features.height, limits))
        return *std::move(refusal);
    if (features.has_animation != 0) return unsupported("an animated WebP file");

    // libwebp does not hold a file to its declared size; a cut one is refused here before anything is
    // allocated.
    const Bytes riff = riff_content(bytes);
    if (riff.empty()) return malformed("WebP", "it is shorter than its header declares");
    const ExifFacts exif = read_exif(find_exif(riff));
    return ImageHeader{.format = ImageFormat::webp,
                       .width_px = features.width,
                       .height_px = features.height,
                       .orientation = exif.orientation,
                       .captured_at = exif.captured_at};
}

Result<Image> read_webp_pixels(Bytes bytes, const ImageHeader& header) {
    WebPDecoderConfig config;
    if (lib().init_decoder_config(&config, WEBP_DECODER_ABI_VERSION) == 0)
        return ErrorInfo{.code = ErrorCode::internal,
                         .message = "libwebp is not the version findme was built for"};
    if (const auto status = get_features(bytes, config.input); status != VP8_STATUS_OK)
        return failure(status);
    const int channels = config.input.has_alpha != 0 ? 4 : 3;

    Image image;
    image.width_px = header.width_px;
    image.height_px = header.height_px;
    image.pixels = pixel_buffer(image.width_px, image.height_px, channels);
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = image.pixels.data();
    config.output.u.RGBA.stride = image.width_px * channels;
    config.output.u.RGBA.size = image.pixels.size();
    const VP8StatusCode status = lib().decode(bytes.data(), bytes.size(), &config);
    lib().free_buffer(&config.output);
    if (status != VP8_STATUS_OK) return failure(status);
    if (channels == 4) drop_alpha_over_white(image.pixels);
    return image;
}

}  // namespace findme::image
