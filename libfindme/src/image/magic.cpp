#include "image/magic.hpp"

#include <array>
#include <string_view>

#include "image/failure.hpp"

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
    {4, "ftypheic"sv, "a HEIC photo"sv},
    {4, "ftypheix"sv, "a HEIC photo"sv},
    {4, "ftypheim"sv, "a HEIC photo"sv},
    {4, "ftypheis"sv, "a HEIC photo"sv},
    {4, "ftyphevc"sv, "a HEIC image sequence"sv},
    {4, "ftyphevx"sv, "a HEIC image sequence"sv},
    {4, "ftypmif1"sv, "a HEIF photo"sv},
    {4, "ftypmif2"sv, "a HEIF photo"sv},
    {4, "ftypmsf1"sv, "a HEIF image sequence"sv},
    {4, "ftypavif"sv, "an AVIF photo"sv},
    {4, "ftypavis"sv, "an AVIF image sequence"sv},
    {4, "ftypcrx "sv, "a Canon CR3 raw photo"sv},
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
    {0, "FUJIFILMCCD-RAW"sv, "a Fujifilm raw photo"sv},
    {0, "IIRO"sv, "an Olympus raw photo"sv},
    {0, "IIRS"sv, "an Olympus raw photo"sv},
    {0, "MMOR"sv, "an Olympus raw photo"sv},
    {0, "IIU\0"sv, "a Panasonic raw photo"sv},
    {0, "\0MRM"sv, "a Minolta raw photo"sv},
    {0, "FOVb"sv, "a Sigma raw photo"sv},
    {8, "CR\2\0"sv, "a Canon CR2 raw photo"sv},  // Also a TIFF, so it is asked before TIFF is.
    {0, "qoif"sv, "a QOI file"sv},
    {0, "DDS "sv, "a DDS texture"sv},
    {0, "BM"sv, "a BMP file"sv},
});

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
    for (const Refused& refused : kRefused) {
        const bool tiff_based = refused.magic.starts_with("CR"sv);
        if (has_text(bytes, refused.offset, refused.magic) && (!tiff_based || is_tiff(bytes)))
            return unsupported(refused.name);
    }
    if (is_tiff(bytes)) return ImageFormat::tiff;
    if (is_netpbm(bytes)) return unsupported("a PNM file (PBM, PGM or PPM)");
    return ErrorInfo{.code = ErrorCode::image_unsupported,
                     .message = "is not a known image format (findme decodes JPEG, PNG, WebP and TIFF)"};
}

}  // namespace findme::image
