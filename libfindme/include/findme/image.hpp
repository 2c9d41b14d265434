#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "findme/clock.hpp"
#include "findme/export.hpp"
#include "findme/result.hpp"

namespace findme {

/// Formats that decode. Others are recognised by their magic bytes only to be refused by name.
enum class ImageFormat {
    jpeg,
    png,
    webp,
    tiff,
    heic,  ///< HEIF with HEVC, whatever its brand.
    avif,  ///< HEIF with AV1, whatever its brand.
    raw,   ///< A camera's raw photo, by the JPEG that the camera put into it; the sensor's data is not read.
};

FINDME_API std::string_view to_string(ImageFormat format) noexcept;

/// What a file may ask for. Judged on the header, before any pixel is allocated.
struct ImageLimits {
    std::size_t max_file_bytes = 256U << 20U;
    int max_side_px = 30'000;
    std::int64_t max_pixels = 120'000'000;
    int max_jpeg_scans = 100;  ///< Progressive JPEGs of more scans are refused: each costs a full pass.
};

/// What the header says.
struct ImageHeader {
    ImageFormat format = ImageFormat::jpeg;
    /// As stored, before orientation. Of a HEIC or AVIF photo what its crop leaves of it; of a raw photo the
    /// embedded JPEG's.
    int width_px = 0;
    int height_px = 0;              ///< As width_px.
    bool in_several_scans = false;  ///< A progressive JPEG: decoding holds all its coefficients at once.
    /// HEIC or AVIF: pixels that the decoder holds at once, of the largest picture or tile it is given and of
    /// all frames in it, also what is not shown of them.
    std::int64_t decoder_px = 0;
    /// EXIF orientation 1-8; anything else in the file counts as 1. Of a HEIC or AVIF photo the value that
    /// does what the container's own turns and mirrors do: where it has any, EXIF's value is a copy and is
    /// not read.
    int orientation = 1;
    /// EXIF DateTimeOriginal, else DateTimeDigitized, read as UTC unless EXIF says the offset.
    std::optional<Timestamp> captured_at;
};

/// Leaves what resize() adds as the memory was: clearing the pixels of a photo that are all about to be
/// written takes as long as a tenth of decoding it.
template <typename T>
struct UnclearedAllocator : std::allocator<T> {
    template <typename U>
    void construct(U* place) noexcept {
        static_cast<void>(place);
    }
    template <typename U, typename... Arguments>
    void construct(U* place, Arguments&&... arguments) {
        std::construct_at(place, std::forward<Arguments>(arguments)...);
    }
};

using PixelBytes = std::vector<std::uint8_t, UnclearedAllocator<std::uint8_t>>;

/// Upright pixels: H x W x 3 uint8, HWC, sRGB order R,G,B, rows without padding.
struct Image {
    int width_px = 0;
    int height_px = 0;
    PixelBytes pixels;  ///< height_px * width_px * 3 bytes.

    [[nodiscard]] std::size_t stride_bytes() const { return static_cast<std::size_t>(width_px) * 3; }
    [[nodiscard]] const std::uint8_t* row(int y) const {
        return pixels.data() + stride_bytes() * static_cast<std::size_t>(y);
    }
    [[nodiscard]] std::uint8_t* row(int y) {
        return pixels.data() + stride_bytes() * static_cast<std::size_t>(y);
    }
};

struct DecodeOptions {
    /// A JPEG, also the one in a raw photo, may come back smaller, at one of libjpeg's DCT scales (1/2, 1/4,
    /// 1/8), as long as its long side keeps at least this many pixels. 0 decodes every pixel.
    int enough_long_side_px = 0;
};

struct DecodedImage {
    ImageHeader header;
    Image image;  ///< Upright; smaller than the header by the DCT scale where one was used.
};

/// Magic bytes, header and limits; no pixel is decoded.
/// @param    bytes  the whole file.
/// @errors   image_unsupported, image_malformed, image_too_large; the message names what and which limit.
/// @threads  safe.
FINDME_API Result<ImageHeader> read_image_header(std::span<const std::uint8_t> bytes,
                                                 const ImageLimits& limits);

/// About the most memory that decode_image will hold for this picture, in bytes: what bounds how many are
/// decoded at once.
FINDME_API std::size_t decoding_bytes(const ImageHeader& header, const DecodeOptions& options) noexcept;

/// Decodes one photo into upright sRGB pixels. Transparent pixels are laid over white; CMYK is converted
/// without a profile; samples of more bits are rounded to 8; of several pages the first is taken, of a HEIF
/// file's pictures the primary one. HEIC, AVIF and raw photos take libheif and LibRaw, which are loaded when
/// the first of them comes: without them such a photo is image_unsupported.
/// @errors   as read_image_header; a truncated file is image_malformed, never half a picture.
/// @threads  safe; holds no state.
FINDME_API Result<DecodedImage> decode_image(std::span<const std::uint8_t> bytes, const ImageLimits& limits,
                                             const DecodeOptions& options = {});

}  // namespace findme
