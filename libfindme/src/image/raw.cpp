#include <libraw/libraw.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "base/vendor_library.hpp"
#include "image/codec.hpp"
#include "image/exif.hpp"
#include "image/failure.hpp"

// LibRaw finds the JPEG that the camera put into its raw photo, and no more: that is decoded as any JPEG is.
// It is the camera's own rendering, as large as the sensor or nearly, and costs a tenth of developing the
// sensor's data.

namespace findme::image {
namespace {

struct LibRawApi {
    base::VendorLibrary library{"libraw_r.so.20"};
    decltype(&libraw_init) init = nullptr;
    decltype(&libraw_close) close = nullptr;
    decltype(&libraw_open_buffer) open_buffer = nullptr;
    decltype(&libraw_strerror) error_text = nullptr;

    LibRawApi() {
        library.bind(init, "libraw_init");
        library.bind(close, "libraw_close");
        library.bind(open_buffer, "libraw_open_buffer");
        library.bind(error_text, "libraw_strerror");
    }
};

const LibRawApi& lib() {
    static const LibRawApi loaded;
    return loaded;
}

/// Borrows the file's bytes.
struct Preview {
    Bytes jpeg;
    int orientation = 1;  ///< As the raw photo says; 1 also where it says nothing.
    bool is_sensor_wide = true;
    std::optional<Timestamp> captured_at;
};

ErrorInfo no_preview(const std::string& why) {
    return {.code = ErrorCode::image_unsupported,
            .message = "is a raw photo " + why + " (export it as JPEG with the camera maker's software)"};
}

ErrorInfo failure(int error) {
    switch (error) {
        case LIBRAW_UNSUFFICIENT_MEMORY:
        case LIBRAW_MEMPOOL_OVERFLOW:
            return too_large(
                "needs more memory than there is (lower image.max_file_bytes or use fewer workers)");
        case LIBRAW_FILE_UNSUPPORTED:
            return unsupported(
                "a raw photo or a TIFF with a thumbnail first, of a kind that LibRaw does not know");
        default:
            return malformed("raw photo", lib().error_text(error));
    }
}

/// EXIF's value for LibRaw's flip: bits of mirrored left to right, top to bottom, and transposed.
int orientation_of(int flip) {
    constexpr std::array<int, 8> kOrientations{1, 2, 4, 3, 5, 8, 6, 7};
    return flip >= 0 && flip < 8 ? kOrientations[static_cast<std::size_t>(flip)] : 1;
}

/// The camera's clock. LibRaw took its digits for local time.
std::optional<Timestamp> time_of(std::time_t stamp) {
    std::tm digits{};
    if (stamp <= 0 || localtime_r(&stamp, &digits) == nullptr) return std::nullopt;
    std::array<char, 32> text{};
    if (std::strftime(text.data(), text.size(), "%Y:%m:%d %H:%M:%S", &digits) == 0) return std::nullopt;
    return parse_exif_time(text.data(), "");
}

/// Where in the file the preview begins. LibRaw is no library that the sanitizers could ask for its classes.
__attribute__((no_sanitize("vptr"))) std::int64_t preview_offset(const libraw_data_t& raw) {
    return static_cast<LibRaw*>(raw.parent_class)->get_internal_data_pointer()->internal_data.toffset;
}

Result<Preview> find_preview(Bytes bytes) {
    if (!lib().library.usable()) return no_decoder("a raw photo", "LibRaw", lib().library, "libraw20");
    // Without its callbacks, which print.
    const std::unique_ptr<libraw_data_t, decltype(&libraw_close)> raw(
        lib().init(LIBRAW_OPIONS_NO_MEMERR_CALLBACK | LIBRAW_OPIONS_NO_DATAERR_CALLBACK), lib().close);
    if (raw == nullptr) throw std::bad_alloc();
    try {
        // It only reads; the API has no const.
        const int error = lib().open_buffer(raw.get(), const_cast<std::uint8_t*>(bytes.data()), bytes.size());
        if (error != LIBRAW_SUCCESS) return failure(error);
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        return malformed("raw photo", error.what());  // LibRaw is C++ inside.
    }
    // Not libraw_unpack_thumb(): it asks libjpeg for the JPEG's header, which prints what it finds wrong
    // there.
    const auto offset = preview_offset(*raw);
    Preview preview;
    if (offset > 0 && static_cast<std::uint64_t>(offset) < bytes.size()) {
        preview.jpeg = bytes.subspan(static_cast<std::size_t>(offset));
        preview.jpeg = preview.jpeg.first(std::min<std::size_t>(preview.jpeg.size(), raw->thumbnail.tlength));
    }
    if (!has_text(preview.jpeg, 0, "\xff\xd8\xff")) return no_preview("without a JPEG preview");
    preview.orientation = orientation_of(raw->sizes.flip);
    preview.is_sensor_wide = raw->sizes.width >= raw->sizes.height;
    preview.captured_at = time_of(raw->other.timestamp);
    return preview;
}

Result<ImageHeader> judge_preview(const Preview& preview, Bytes bytes, const ImageLimits& limits) {
    constexpr int kWorthItPx = 640;  // Below, faces of a group are too small to tell apart.
    auto header = read_jpeg_header(preview.jpeg, limits);
    if (!header && header.error().code == ErrorCode::image_malformed)
        return malformed("raw photo", "the preview in it cannot be read");
    if (!header) return header.error();
    if (std::max(header->width_px, header->height_px) < kWorthItPx)
        return no_preview("with a preview of only " + std::to_string(header->width_px) + "x" +
                          std::to_string(header->height_px) + " px");
    header->format = ImageFormat::raw;

    // The raw photo's word comes before the preview's own, which many cameras leave out. A preview that is
    // upright already stands on its end where the sensor lies.
    const bool turned = preview.orientation >= 5;
    if (preview.orientation != 1) header->orientation = preview.orientation;
    if (turned && header->width_px != header->height_px &&
        (header->width_px > header->height_px) != preview.is_sensor_wide)
        header->orientation = 1;

    constexpr std::size_t kWithMetadata = std::size_t{1} << 20U;  // EXIF stands in the first part of a TIFF.
    const bool tiff = has_text(bytes, 0, "II") || has_text(bytes, 0, "MM");
    if (!header->captured_at && tiff)
        header->captured_at = read_exif(bytes.first(std::min(bytes.size(), kWithMetadata))).captured_at;
    if (!header->captured_at) header->captured_at = preview.captured_at;
    return header;
}

}  // namespace

Result<ImageHeader> read_raw_header(Bytes bytes, const ImageLimits& limits) {
    const auto preview = find_preview(bytes);
    if (!preview) return preview.error();
    return judge_preview(*preview, bytes, limits);
}

Result<Image> read_raw_pixels(Bytes bytes, const ImageHeader& header, const DecodeOptions& options) {
    const auto preview = find_preview(bytes);
    if (!preview) return preview.error();
    return read_jpeg_pixels(preview->jpeg, header, options);
}

}  // namespace findme::image
