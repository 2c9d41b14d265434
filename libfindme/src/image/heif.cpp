#include <libheif/heif.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <memory>
#include <string>

#include "base/vendor_library.hpp"
#include "image/channels.hpp"
#include "image/codec.hpp"
#include "image/coded_still.hpp"
#include "image/failure.hpp"
#include "image/heif_picture.hpp"
#include "image/limits.hpp"

// The container is read, judged and put together here; libheif gets one coded picture at a time, in a file of
// its own. So no derived picture, transformation, metadata block or reference of the photo's file reaches its
// parser, a picture of many tiles is never held twice, and sizes are those of the bitstream, which its
// decoders go by.

namespace findme::image {
namespace {

struct LibHeif {
    base::VendorLibrary library{"libheif.so.1"};
    decltype(&heif_context_alloc) context_alloc = nullptr;
    decltype(&heif_context_free) context_free = nullptr;
    decltype(&heif_context_set_maximum_image_size_limit) set_maximum_image_size_limit = nullptr;
    decltype(&heif_context_set_max_decoding_threads) set_max_decoding_threads = nullptr;
    decltype(&heif_context_read_from_memory_without_copy) read_from_memory = nullptr;
    decltype(&heif_context_get_primary_image_handle) get_primary_image_handle = nullptr;
    decltype(&heif_image_handle_release) handle_release = nullptr;
    decltype(&heif_decode_image) decode_image = nullptr;
    decltype(&heif_image_release) image_release = nullptr;
    decltype(&heif_image_get_colorspace) get_colorspace = nullptr;
    decltype(&heif_image_get_width) get_width = nullptr;
    decltype(&heif_image_get_height) get_height = nullptr;
    decltype(&heif_image_get_bits_per_pixel_range) get_bits = nullptr;
    decltype(&heif_image_get_plane_readonly) get_plane = nullptr;
    decltype(&heif_have_decoder_for_format) have_decoder = nullptr;

    LibHeif() {
        library.bind(context_alloc, "heif_context_alloc");
        library.bind(context_free, "heif_context_free");
        library.bind(set_maximum_image_size_limit, "heif_context_set_maximum_image_size_limit");
        library.bind(set_max_decoding_threads, "heif_context_set_max_decoding_threads");
        library.bind(read_from_memory, "heif_context_read_from_memory_without_copy");
        library.bind(get_primary_image_handle, "heif_context_get_primary_image_handle");
        library.bind(handle_release, "heif_image_handle_release");
        library.bind(decode_image, "heif_decode_image");
        library.bind(image_release, "heif_image_release");
        library.bind(get_colorspace, "heif_image_get_colorspace");
        library.bind(get_width, "heif_image_get_width");
        library.bind(get_height, "heif_image_get_height");
        library.bind(get_bits, "heif_image_get_bits_per_pixel_range");
        library.bind(get_plane, "heif_image_get_plane_readonly");
        library.bind(have_decoder, "heif_have_decoder_for_format");
    }
};

const LibHeif& lib() {
    static const LibHeif loaded;
    return loaded;
}

std::optional<ErrorInfo> missing_decoder(StillCodec codec) {
    const bool hevc = codec == StillCodec::hevc;
    const std::string photo = hevc ? "a HEIC photo" : "an AVIF photo";
    if (!lib().library.usable()) return no_decoder(photo, "libheif", lib().library, "libheif1");
    if (lib().have_decoder(hevc ? heif_compression_HEVC : heif_compression_AV1) == 0)
        return ErrorInfo{.code = ErrorCode::image_unsupported,
                         .message = "is " + photo + ", and this machine's libheif has no decoder for it (" +
                                    (hevc ? "libde265" : "dav1d or libaom") + ")"};
    return std::nullopt;
}

ErrorInfo failure(const heif_error& error) {
    const std::string why =
        error.message != nullptr && *error.message != '\0' ? error.message : "damaged data";
    switch (error.code) {
        case heif_error_Memory_allocation_error:
            return too_large("needs more memory than there is (lower image.max_pixels or use fewer workers)");
        case heif_error_Unsupported_feature:
        case heif_error_Unsupported_filetype:
            return unsupported("a rare kind of HEIF photo: " + why);
        default:
            return malformed("HEIF", why);
    }
}

/// One decoded tile: planes R, G, B, or one of grey.
class DecodedStill {
  public:
    /// @pre  missing_decoder() has nothing to say.
    static Result<DecodedStill> decode(const CodedStill& still) {
        try {
            return decode_or_throw(still);
        } catch (const std::bad_alloc&) {
            throw;
        } catch (const std::exception& error) {
            return malformed("HEIF", error.what());  // libheif is C++ inside and catches nothing.
        }
    }

    /// Calls put(column, red, green, blue) for `count` pixels of a row, in 8 bits.
    template <typename Put>
    void read_row(int row, int count, Put put) const {
        if (bits_ > 8) {
            read_samples(row, count, put, [this](const std::uint8_t* samples, int x) {
                std::uint16_t value = 0;
                std::memcpy(&value, samples + std::ptrdiff_t{x} * 2, 2);
                return rounded(std::min<unsigned>(value, (1U << bits_) - 1));
            });
        } else {
            read_samples(row, count, put, [](const std::uint8_t* samples, int x) { return samples[x]; });
        }
    }

  private:
    struct Release {
        void operator()(heif_image* image) const { lib().image_release(image); }
    };

    explicit DecodedStill(heif_image* image) : image_(image) {}

    static Result<DecodedStill> decode_or_throw(const CodedStill& still) {
        const std::vector<std::uint8_t> file = as_heif_file(still);
        const std::unique_ptr<heif_context, decltype(&heif_context_free)> context(lib().context_alloc(),
                                                                                  lib().context_free);
        if (context == nullptr) throw std::bad_alloc();
        lib().set_max_decoding_threads(context.get(), 0);  // In this thread.
        lib().set_maximum_image_size_limit(context.get(), std::max(still.width_px, still.height_px));
        heif_error error = lib().read_from_memory(context.get(), file.data(), file.size(), nullptr);
        if (error.code != heif_error_Ok) return failure(error);
        heif_image_handle* primary = nullptr;
        error = lib().get_primary_image_handle(context.get(), &primary);
        if (error.code != heif_error_Ok) return failure(error);
        const std::unique_ptr<heif_image_handle, decltype(&heif_image_handle_release)> handle(
            primary, lib().handle_release);
        heif_image* decoded = nullptr;
        // Undefined: RGB for what has colours, and grey stays one plane.
        error = lib().decode_image(handle.get(), &decoded, heif_colorspace_undefined, heif_chroma_undefined,
                                   nullptr);
        DecodedStill out(decoded);
        if (error.code != heif_error_Ok) return failure(error);
        if (decoded == nullptr || !out.find_planes(still))
            return malformed("HEIF", "a picture in it is not what its header says");
        return out;
    }

    bool find_planes(const CodedStill& still) {
        constexpr std::array kColours{heif_channel_R, heif_channel_G, heif_channel_B};
        const bool grey = lib().get_colorspace(image_.get()) == heif_colorspace_monochrome;
        bits_ = lib().get_bits(image_.get(), grey ? heif_channel_Y : heif_channel_R);
        for (std::size_t i = 0; i < kColours.size(); ++i) {
            const heif_channel channel = grey ? heif_channel_Y : kColours[i];
            planes_[i] = lib().get_plane(image_.get(), channel, &strides_bytes_[i]);
            if (planes_[i] == nullptr || lib().get_width(image_.get(), channel) != still.width_px ||
                lib().get_height(image_.get(), channel) != still.height_px ||
                lib().get_bits(image_.get(), channel) != bits_ ||
                strides_bytes_[i] < still.width_px * (bits_ > 8 ? 2 : 1))
                return false;
        }
        return bits_ >= 8 && bits_ <= 16;
    }

    [[nodiscard]] std::uint8_t rounded(unsigned value) const {
        const unsigned largest = (1U << bits_) - 1;
        return static_cast<std::uint8_t>((value * 255U + largest / 2) / largest);
    }

    template <typename Put, typename Sample>
    void read_samples(int row, int count, Put put, Sample sample) const {
        const auto start = [this, row](std::size_t plane) {
            return planes_[plane] + std::ptrdiff_t{strides_bytes_[plane]} * row;
        };
        const std::uint8_t* red = start(0);
        const std::uint8_t* green = start(1);
        const std::uint8_t* blue = start(2);
        for (int x = 0; x < count; ++x) put(x, sample(red, x), sample(green, x), sample(blue, x));
    }

    std::unique_ptr<heif_image, Release> image_;
    std::array<const std::uint8_t*, 3> planes_{};
    std::array<int, 3> strides_bytes_{};
    int bits_ = 0;
};

/// Decodes tile after tile and calls put(pixel of the image, red, green, blue) for all that the crop leaves.
template <typename Put>
std::optional<ErrorInfo> decode_layer(const HeifLayer& layer, const HeifCrop& crop, Image& image, Put put) {
    for (std::size_t i = 0; i < layer.tiles.size(); ++i) {
        const CodedStill& tile = layer.tiles[i];
        const auto columns = static_cast<std::size_t>(layer.columns);
        const int left = static_cast<int>(i % columns) * tile.width_px - crop.left_px;
        const int top = static_cast<int>(i / columns) * tile.height_px - crop.top_px;
        const int first_x = std::max(left, 0), end_x = std::min(left + tile.width_px, image.width_px);
        const int first_y = std::max(top, 0), end_y = std::min(top + tile.height_px, image.height_px);
        if (first_x >= end_x || first_y >= end_y) continue;  // Wholly cut away.
        const auto decoded = DecodedStill::decode(tile);
        if (!decoded) return decoded.error();
        for (int y = first_y; y < end_y; ++y) {
            std::uint8_t* row = image.row(y);
            decoded->read_row(y - top, end_x - left, [&](int x, auto red, auto green, auto blue) {
                if (left + x >= 0) put(row + (std::ptrdiff_t{left} + x) * 3, red, green, blue);
            });
        }
    }
    return std::nullopt;
}

/// They are decoded one after another.
std::int64_t largest_decoder_px(const HeifPicture& picture) {
    std::int64_t most = 0;
    for (const CodedStill& tile : picture.colour.tiles) most = std::max(most, tile.decoder_px);
    if (picture.alpha)
        for (const CodedStill& tile : picture.alpha->tiles) most = std::max(most, tile.decoder_px);
    return most;
}

}  // namespace

Result<ImageHeader> read_heif_header(Bytes bytes, const ImageLimits& limits) {
    const auto picture = read_heif_picture(bytes, limits);
    if (!picture) return picture.error();
    const StillCodec codec = picture->colour.tiles.front().codec;
    if (auto refusal = missing_decoder(codec)) return *std::move(refusal);
    return ImageHeader{.format = codec == StillCodec::hevc ? ImageFormat::heic : ImageFormat::avif,
                       .width_px = picture->crop.width_px,
                       .height_px = picture->crop.height_px,
                       .decoder_px = largest_decoder_px(*picture),
                       .orientation = picture->orientation,
                       .captured_at = picture->exif.captured_at};
}

Result<Image> read_heif_pixels(Bytes bytes, const ImageHeader& header, const ImageLimits& limits) {
    const auto picture = read_heif_picture(bytes, limits);
    if (!picture) return picture.error();
    Image image;
    image.width_px = header.width_px;
    image.height_px = header.height_px;
    image.pixels = pixel_buffer(image.width_px, image.height_px, 3);
    auto refusal = decode_layer(picture->colour, picture->crop, image,
                                [](std::uint8_t* to, auto red, auto green, auto blue) {
                                    to[0] = red;
                                    to[1] = green;
                                    to[2] = blue;
                                });
    if (refusal) return *std::move(refusal);
    if (!picture->alpha) return image;
    if (auto no_alpha = missing_decoder(picture->alpha->tiles.front().codec)) return *std::move(no_alpha);
    const bool premultiplied = picture->premultiplied;
    refusal = decode_layer(*picture->alpha, picture->crop, image,
                           [premultiplied](std::uint8_t* to, std::uint8_t alpha, auto, auto) {
                               for (int c = 0; c < 3; ++c)
                                   to[c] = premultiplied
                                               ? static_cast<std::uint8_t>(std::min(255, to[c] + 255 - alpha))
                                               : over_white(to[c], alpha);
                           });
    if (refusal) return *std::move(refusal);
    return image;
}

}  // namespace findme::image
