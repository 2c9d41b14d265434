#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <vector>

#include "base/checked.hpp"
#include "image/codec.hpp"
#include "image/exif.hpp"
#include "image/failure.hpp"
#include "image/limits.hpp"
#include "image/tiff_file.hpp"

namespace findme::image {
namespace {

/// What the first directory says about how pixels are stored.
struct Layout {
    std::uint32_t width_px;
    std::uint32_t height_px;
    std::uint16_t bits_per_sample;
    std::uint16_t samples_per_pixel;
    std::uint16_t compression;
    std::uint16_t photometric;
};

constexpr std::uint16_t kNoPhotometric = 0xffff;

Layout read_layout(const TiffFile& file) {
    return {.width_px = file.tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0),
            .height_px = file.tag<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0),
            .bits_per_sample = file.tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1),
            .samples_per_pixel = file.tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1),
            .compression = file.tag<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE),
            .photometric = file.tag<std::uint16_t>(TIFFTAG_PHOTOMETRIC, kNoPhotometric)};
}

/// The most that one byte of a file unpacks to, or 0 for a compression that findme does not decode. Fax,
/// JBIG, old-style JPEG and the like are left out on purpose: no camera writes them and their decoders are
/// the weak ones.
std::uint64_t max_ratio(std::uint16_t compression) {
    switch (compression) {
        case COMPRESSION_NONE:
            return 1;
        case COMPRESSION_PACKBITS:
            return 64;  // Two bytes give at most 128.
        case COMPRESSION_ADOBE_DEFLATE:
        case COMPRESSION_DEFLATE:
            return 1032;
        case COMPRESSION_JPEG:
            return 512;  // A block of 64 samples takes a bit or more.
        case COMPRESSION_LZW:
            return 4096;  // A code of 9 bits or more gives at most 4096 bytes.
        default:
            return 0;
    }
}

std::string compression_name(std::uint16_t compression) {
    switch (compression) {
        case COMPRESSION_CCITTRLE:
        case COMPRESSION_CCITTFAX3:
        case COMPRESSION_CCITTFAX4:
            return "fax";
        case COMPRESSION_OJPEG:
            return "old-style JPEG";
        case COMPRESSION_LZMA:
            return "LZMA";
        case COMPRESSION_ZSTD:
            return "Zstandard";
        case COMPRESSION_WEBP:
            return "WebP";
        default:
            return "number " + std::to_string(compression);
    }
}

std::string colour_space_name(std::uint16_t photometric) {
    switch (photometric) {
        case PHOTOMETRIC_CIELAB:
        case PHOTOMETRIC_ICCLAB:
        case PHOTOMETRIC_ITULAB:
            return "CIELab";
        case PHOTOMETRIC_LOGL:
        case PHOTOMETRIC_LOGLUV:
            return "LogLuv";
        case PHOTOMETRIC_CFA:
            return "raw sensor";
        default:
            return "number " + std::to_string(photometric);
    }
}

std::optional<ErrorInfo> judge_variant(const TiffFile& file, const Layout& layout) {
    void* version = nullptr;
    if (libtiff().get_field(file.get(), TIFFTAG_DNGVERSION, &version) == 1)
        return unsupported("a DNG raw photo");
    if ((file.tag<std::uint32_t>(TIFFTAG_SUBFILETYPE, 0) & FILETYPE_REDUCEDIMAGE) != 0)
        return unsupported("a TIFF that starts with a thumbnail (a camera's raw photo?)");
    if (max_ratio(layout.compression) == 0)
        return unsupported("a TIFF with compression " + compression_name(layout.compression));
    switch (layout.photometric) {
        case PHOTOMETRIC_MINISWHITE:
        case PHOTOMETRIC_MINISBLACK:
        case PHOTOMETRIC_RGB:
        case PHOTOMETRIC_PALETTE:
        case PHOTOMETRIC_SEPARATED:
        case PHOTOMETRIC_YCBCR:
        case kNoPhotometric:  // libtiff guesses from the number of samples.
            break;
        default:
            return unsupported("a TIFF in colour space " + colour_space_name(layout.photometric));
    }
    const auto format = file.tag<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    if (format == SAMPLEFORMAT_IEEEFP) return unsupported("a TIFF with floating-point samples");
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)
        return unsupported("a TIFF with signed or complex samples");
    if (layout.bits_per_sample > 16 || layout.samples_per_pixel > 8)
        return unsupported("a TIFF of " + std::to_string(layout.samples_per_pixel) + " samples of " +
                           std::to_string(layout.bits_per_sample) + " bits");
    return std::nullopt;
}

/// What libtiff may allocate in one piece for a picture: 8 samples of 16 bits a pixel, and some for small
/// pictures.
std::size_t max_alloc_bytes(std::uint64_t width_px, std::uint64_t height_px) {
    return static_cast<std::size_t>(width_px * height_px * 16 + (std::uint64_t{16} << 20U));
}

/// Strips and tiles are unpacked whole, and a tile may be larger than the picture.
std::optional<ErrorInfo> judge_blocks(const TiffFile& file, const Layout& layout, std::size_t size_bytes) {
    const std::uint64_t block_bytes = libtiff().is_tiled(file.get()) != 0 ? libtiff().tile_size(file.get())
                                                                          : libtiff().strip_size(file.get());
    if (block_bytes == 0) return malformed("TIFF", "its strips or tiles have no size");
    if (block_bytes > max_alloc_bytes(layout.width_px, layout.height_px))
        return malformed("TIFF", "its strips or tiles are larger than the picture");

    // Chroma may be subsampled, so only the first sample of YCbCr is sure to be there for each pixel.
    const std::uint64_t samples = layout.photometric == PHOTOMETRIC_YCBCR ? 1 : layout.samples_per_pixel;
    const std::uint64_t row_bytes = (std::uint64_t{layout.width_px} * samples * layout.bits_per_sample) / 8;
    const std::uint64_t ratio = std::max<std::uint64_t>(max_ratio(layout.compression), 1);
    if (row_bytes * layout.height_px / ratio > size_bytes)
        return malformed("TIFF", "it is too short for the size it declares");
    return std::nullopt;
}

/// Leaves the file at its EXIF directory.
std::optional<Timestamp> read_captured_at(const TiffFile& file) {
    std::uint64_t offset = 0;
    if (libtiff().get_field(file.get(), TIFFTAG_EXIFIFD, &offset) != 1 ||
        libtiff().read_exif_directory(file.get(), offset) != 1)
        return std::nullopt;
    if (const auto original = parse_exif_time(file.text_tag(EXIFTAG_DATETIMEORIGINAL),
                                              file.text_tag(EXIFTAG_OFFSETTIMEORIGINAL)))
        return original;
    return parse_exif_time(file.text_tag(EXIFTAG_DATETIMEDIGITIZED),
                           file.text_tag(EXIFTAG_OFFSETTIMEDIGITIZED));
}

/// TIFFRGBAImage with its end guaranteed.
struct RgbaReader {
    TIFFRGBAImage image{};
    bool begun;
    std::array<char, 1024> message{};  ///< The size libtiff demands.

    explicit RgbaReader(TIFF* tiff) {
        constexpr int kStopOnError = 1;
        begun = libtiff().rgba_begin(&image, tiff, kStopOnError, message.data()) == 1;
        // Equal orientations: libtiff turns nothing, findme does it for all formats alike.
        image.req_orientation = image.orientation = ORIENTATION_TOPLEFT;
    }
    RgbaReader(const RgbaReader&) = delete;
    RgbaReader& operator=(const RgbaReader&) = delete;
    ~RgbaReader() {
        if (begun) libtiff().rgba_end(&image);
    }
};

/// One band of libtiff's packed pixels, alpha premultiplied, over white.
void lay_over_white(const std::uint32_t* from, std::size_t count, std::uint8_t* to) {
    for (std::size_t i = 0; i < count; ++i, to += 3) {
        const std::uint32_t pixel = from[i];
        const std::uint32_t paper = 255 - TIFFGetA(pixel);
        // A sample of unknown meaning is taken for alpha by libtiff and may be smaller than the colours:
        // clamp.
        to[0] = static_cast<std::uint8_t>(std::min(255U, TIFFGetR(pixel) + paper));
        to[1] = static_cast<std::uint8_t>(std::min(255U, TIFFGetG(pixel) + paper));
        to[2] = static_cast<std::uint8_t>(std::min(255U, TIFFGetB(pixel) + paper));
    }
}

/// Rows to ask for at once: whole strips or tiles, since each request unpacks those that it touches.
std::uint32_t band_rows(const TiffFile& file, std::uint32_t height_px) {
    constexpr std::uint32_t kAtLeast = 64;
    std::uint32_t block =
        file.tag<std::uint32_t>(libtiff().is_tiled(file.get()) != 0 ? std::uint32_t{TIFFTAG_TILELENGTH}
                                                                    : std::uint32_t{TIFFTAG_ROWSPERSTRIP},
                                0);
    if (block == 0 || block >= height_px) return height_px;
    if (block < kAtLeast) block *= (kAtLeast + block - 1) / block;
    return std::min(block, height_px);
}

}  // namespace

Result<ImageHeader> read_tiff_header(Bytes bytes, const ImageLimits& limits) {
    if (!libtiff().library.usable())
        return no_decoder("a TIFF file", "libtiff", libtiff().library, "libtiff6");
    // A directory is never larger than its file, save for arrays that libtiff widens to 8 bytes an entry.
    TiffFile file(bytes, bytes.size() * 8 + (std::size_t{1} << 20U));
    if (!file.is_open())
        return malformed("TIFF", file.complained() ? file.complaint() : "it has no directory");
    const Layout layout = read_layout(file);
    if (auto refusal = judge_dimensions("TIFF", layout.width_px, layout.height_px, limits))
        return *std::move(refusal);
    if (auto refusal = judge_variant(file, layout)) return *std::move(refusal);
    if (auto refusal = judge_blocks(file, layout, bytes.size())) return *std::move(refusal);

    std::array<char, 1024> why{};  // The size libtiff demands.
    if (libtiff().rgba_ok(file.get(), why.data()) != 1)
        return unsupported("a rare kind of TIFF: " + std::string(why.data()));

    ImageHeader header{.format = ImageFormat::tiff,
                       .width_px = static_cast<int>(layout.width_px),
                       .height_px = static_cast<int>(layout.height_px),
                       .orientation = orientation_or_upright(file.tag<std::uint16_t>(TIFFTAG_ORIENTATION, 1)),
                       .captured_at = std::nullopt};
    header.captured_at = read_captured_at(file);  // Last: it leaves the picture's directory.
    return header;
}

Result<Image> read_tiff_pixels(Bytes bytes, const ImageHeader& header) {
    TiffFile file(bytes, max_alloc_bytes(static_cast<std::uint64_t>(header.width_px),
                                         static_cast<std::uint64_t>(header.height_px)));
    if (!file.is_open())
        return malformed("TIFF", file.complained() ? file.complaint() : "it has no directory");
    RgbaReader reader(file.get());
    if (!reader.begun) return unsupported("a rare kind of TIFF: " + std::string(reader.message.data()));
    file.forget_complaints();  // Unknown or odd tags are common and harmless; from here on pixels are read.

    const auto width_px = static_cast<std::uint32_t>(header.width_px);
    const auto height_px = static_cast<std::uint32_t>(header.height_px);
    const std::uint32_t rows = band_rows(file, height_px);
    const auto band_pixels = base::checked_mul<std::size_t>(width_px, rows);
    if (!band_pixels) throw std::bad_alloc();
    std::vector<std::uint32_t> band(*band_pixels);
    Image image;
    image.width_px = header.width_px;
    image.height_px = header.height_px;
    image.pixels = pixel_buffer(width_px, height_px, 3);
    for (std::uint32_t y = 0; y < height_px; y += rows) {
        const std::uint32_t count = std::min(rows, height_px - y);
        reader.image.row_offset = static_cast<int>(y);
        reader.image.col_offset = 0;
        const bool read = libtiff().rgba_get(&reader.image, band.data(), width_px, count) == 1;
        if (!read || file.complained())
            return malformed("TIFF", file.complained() ? file.complaint() : "its pixels cannot be unpacked");
        lay_over_white(band.data(), std::size_t{width_px} * count, image.row(static_cast<int>(y)));
    }
    return image;
}

}  // namespace findme::image
