#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "image/channels.hpp"
#include "image/codec.hpp"
#include "image/exif.hpp"
#include "image/failure.hpp"
#include "image/limits.hpp"
#include "image/longjmp_guard.hpp"

namespace findme::image {
namespace {

/// What walking a PNG's chunks tells, without decoding.
struct PngChunks {
    bool has_end = false;
    std::uint64_t idat_bytes = 0;
    Bytes exif;  ///< eXIf may stand before or after the pixels.
};

PngChunks walk_png_chunks(Bytes bytes) {
    PngChunks found;
    constexpr std::size_t kOverheadBytes = 12;  // Length, type, checksum.
    for (std::size_t at = 8; bytes.size() - at >= kOverheadBytes;) {
        const std::size_t length = read_u32_be(bytes, at);
        if (length > bytes.size() - at - kOverheadBytes) break;
        if (has_text(bytes, at + 4, "IDAT")) found.idat_bytes += length;
        if (has_text(bytes, at + 4, "eXIf")) found.exif = bytes.subspan(at + 8, length);
        if (has_text(bytes, at + 4, "IEND")) {
            found.has_end = true;
            break;
        }
        at += kOverheadBytes + length;
    }
    return found;
}

/// One libpng reader over bytes in memory, with libpng's errors caught and its messages kept from stderr.
class PngReader {
  public:
    explicit PngReader(Bytes bytes) : bytes_(bytes) {}
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;
    ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }

    [[nodiscard]] bool read_header() {
        return attempt([this] {
            png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
            if (png == nullptr) std::longjmp(landing_, 1);
            info = png_create_info_struct(png);
            if (info == nullptr) png_error(png, "out of memory");
            png_set_read_fn(png, this, on_read);
            // Dimensions are judged by judge_dimensions(), which names the limit; libpng's own would be
            // 1,000,000.
            png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
            // Profiles and texts are compressed, unused and a way to hide a bomb: they are skipped unread.
            // What is left to keep is small: a palette and tRNS.
            png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
            png_set_chunk_cache_max(png, 128);
            png_set_chunk_malloc_max(png, 1U << 20U);
            png_set_benign_errors(png, 1);
            png_read_info(png, info);
        });
    }

    /// See completes(): `work` may hold nothing that has a destructor.
    template <typename Work>
    [[nodiscard]] bool attempt(const Work& work) {
        return completes(landing_, work);
    }

    [[nodiscard]] ErrorInfo failure() const { return malformed("PNG", message_.data()); }

    png_structp png = nullptr;
    png_infop info = nullptr;

  private:
    [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
        auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
        std::snprintf(self->message_.data(), self->message_.size(), "%s", message);
        std::longjmp(self->landing_, 1);
    }

    // libpng warns about ancillary chunks and trailing data; whatever damages pixels is an error.
    static void on_warning(png_structp, png_const_charp) {}

    static void on_read(png_structp png, png_bytep to, std::size_t size) {
        auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
        if (size > self->bytes_.size() - self->at_) png_error(png, "it ends too early");
        std::memcpy(to, self->bytes_.data() + self->at_, size);
        self->at_ += size;
    }

    Bytes bytes_;
    std::size_t at_ = 0;
    std::jmp_buf landing_{};
    std::array<char, 128> message_{};
};

}  // namespace

Result<ImageHeader> read_png_header(Bytes bytes, const ImageLimits& limits) {
    PngReader reader(bytes);
    if (!reader.read_header()) return reader.failure();
    const std::uint32_t width_px = png_get_image_width(reader.png, reader.info);
    const std::uint32_t height_px = png_get_image_height(reader.png, reader.info);
    if (auto refusal = judge_dimensions("PNG", width_px, height_px, limits)) return *std::move(refusal);

    const PngChunks chunks = walk_png_chunks(bytes);
    if (!chunks.has_end) return malformed("PNG", "it ends before its IEND chunk");
    // Deflate cannot shrink data more than 1032 times (zlib's technical notes), so less is cut or a bomb.
    constexpr std::uint64_t kMaxDeflateRatio = 1032;
    const std::uint64_t raw_bytes = std::uint64_t{png_get_rowbytes(reader.png, reader.info)} * height_px;
    if (raw_bytes / kMaxDeflateRatio > chunks.idat_bytes)
        return malformed("PNG", "it is too short for the size it declares");

    const ExifFacts exif = read_exif(chunks.exif);
    return ImageHeader{.format = ImageFormat::png,
                       .width_px = static_cast<int>(width_px),
                       .height_px = static_cast<int>(height_px),
                       .orientation = exif.orientation,
                       .captured_at = exif.captured_at};
}

Result<Image> read_png_pixels(Bytes bytes, const ImageHeader& header) {
    PngReader reader(bytes);
    if (!reader.read_header()) return reader.failure();

    int passes = 0;
    std::size_t channels = 0;
    std::size_t stride_bytes = 0;
    const bool prepared = reader.attempt([&] {
        png_set_expand(reader.png);  // Palette to RGB, few-bit gray to 8, tRNS to alpha.
        png_set_scale_16(reader.png);
        png_set_gray_to_rgb(reader.png);
        passes = png_set_interlace_handling(reader.png);
        png_read_update_info(reader.png, reader.info);
        channels = png_get_channels(reader.png, reader.info);
        stride_bytes = png_get_rowbytes(reader.png, reader.info);
    });
    if (!prepared) return reader.failure();
    if ((channels != 3 && channels != 4) ||
        stride_bytes != static_cast<std::size_t>(header.width_px) * channels)
        return ErrorInfo{.code = ErrorCode::internal, .message = "libpng gave rows of an unexpected size"};

    Image image;
    image.width_px = header.width_px;
    image.height_px = header.height_px;
    image.pixels = pixel_buffer(image.width_px, image.height_px, static_cast<int>(channels));
    const bool read = reader.attempt([&reader, &image, passes, stride_bytes] {
        for (int pass = 0; pass < passes; ++pass)
            for (int y = 0; y < image.height_px; ++y)
                png_read_row(reader.png, image.pixels.data() + stride_bytes * static_cast<unsigned>(y),
                             nullptr);
        png_read_end(reader.png, nullptr);
    });
    if (!read) return reader.failure();
    if (channels == 4) drop_alpha_over_white(image.pixels);
    return image;
}

}  // namespace findme::image
