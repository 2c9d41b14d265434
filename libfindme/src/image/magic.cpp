#include "image/magic.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "image/failure.hpp"
#include "image/raw_tiff.hpp"

namespace findme::image {
namespace {

using namespace std::string_view_literals;

struct Refused {
    std::size_t offset;
    std::string_view magic;
    std::string_view name;  ///< With its article, as messages use it.
};

// First match wins, so the special comes before the general. TGA has no magic and stays unknown.
constexpr auto kRefused = std::to_array<Refused>({
    {0, "GIF8"sv, "a GIF file"sv},
    {4, "ftyp"sv, "an ISO media file (a video?)"sv},
    {0, "\0\0\0\x0cjP  \r\n\x87\n"sv, "a JPEG 2000 file"sv},
    {0, "\xff\x4f\xff\x51"sv, "a JPEG 2000 file"sv},
    {0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "a JPEG XL file"sv},
    {0, "\xff\x0a"sv, "a JPEG XL file"sv},
    {0, "8BPS"sv, "a Photoshop file"sv},
    {0, "\0\0\1\0"sv, "a Windows icon"sv},
    {0, "\x76\x2f\x31\x01"sv, "an OpenEXR file"sv},
    {0, "#?RADIANCE"sv, "a Radiance HDR file"sv},
    {0, "%PDF-"sv, "a PDF file"sv},
    {0, "qoif"sv, "a QOI file"sv},
    {0, "DDS "sv, "a DDS texture"sv},
    {0, "BM"sv, "a BMP file"sv},
});

// Which codec it is that such a file holds is found in its parts, whatever the brand promises.
constexpr auto kHeifBrands = std::to_array<std::string_view>(
    {"heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1", "miaf"});

constexpr auto kRawMagics = std::to_array<std::string_view>({
    "FUJIFILMCCD-RAW"sv,
    "IIRO"sv,  // Olympus.
    "IIRS"sv, "MMOR"sv,
    "IIU\0"sv,  // Panasonic.
    "\0MRM"sv,  // Minolta.
    "FOVb"sv,   // Sigma.
});

/// What the brands of an ISO media file say it is, the main one first; nothing for a video.
std::optional<ImageFormat> recognise_iso_media(Bytes bytes) {
    if (has_text(bytes, 8, "crx ")) return ImageFormat::raw;  // Canon CR3.
    constexpr std::uint32_t kMainBrandEnd = 12, kMostBrandsEnd = 512;
    const std::size_t end =
        std::min<std::size_t>(bytes.size(), std::clamp(read_u32_be(bytes, 0), kMainBrandEnd, kMostBrandsEnd));
    for (std::size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {  // A version follows the main brand.
        if (has_text(bytes, at, "avif") || has_text(bytes, at, "avis")) return ImageFormat::avif;
        for (const std::string_view brand : kHeifBrands)
            if (has_text(bytes, at, brand)) return ImageFormat::heic;
    }
    return std::nullopt;
}

bool is_netpbm(Bytes bytes) {
    if (bytes.size() < 3 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '7') return false;
    return bytes[2] == ' ' || bytes[2] == '\n' || bytes[2] == '\r' || bytes[2] == '\t';
}

bool is_tiff(Bytes bytes) {
    // The second pair of each order is BigTIFF.
    return has_text(bytes, 0, "II*\0"sv) || has_text(bytes, 0, "MM\0*"sv) || has_text(bytes, 0, "II+\0"sv) ||
           has_text(bytes, 0, "MM\0+"sv);
}

}  // namespace

Result<ImageFormat> recognise(Bytes bytes) {
    if (has_text(bytes, 0, "\xff\xd8\xff"sv)) return ImageFormat::jpeg;
    if (has_text(bytes, 0, "\x89PNG\r\n\x1a\n"sv)) return ImageFormat::png;
    if (has_text(bytes, 0, "RIFF"sv) && has_text(bytes, 8, "WEBP"sv)) return ImageFormat::webp;
    if (bytes.size() >= 12 && has_text(bytes, 4, "ftyp"sv))
        if (const auto format = recognise_iso_media(bytes)) return *format;
    for (const std::string_view magic : kRawMagics)
        if (has_text(bytes, 0, magic)) return ImageFormat::raw;
    for (const Refused& refused : kRefused)
        if (has_text(bytes, refused.offset, refused.magic)) return unsupported(refused.name);
    if (is_tiff(bytes)) return is_raw_tiff(bytes) ? ImageFormat::raw : ImageFormat::tiff;
    if (is_netpbm(bytes)) return unsupported("a PNM file (PBM, PGM or PPM)");
    return ErrorInfo{.code = ErrorCode::image_unsupported,
                     .message =
                         "is not a known image format (findme decodes JPEG, PNG, WebP, TIFF, HEIC, AVIF and "
                         "the previews in raw photos)"};
}

}  // namespace findme::image
