#include <algorithm>
#include <array>
#include <cstdio>  // jpeglib.h needs FILE and size_t.

#include <jpeglib.h>

#include <cstdlib>
#include <stdexcept>

#include "support/make_image.hpp"

namespace findme::testing {
namespace {

/// The offset just past marker `code` (0xffXX) at or after `from`; throws where there is none.
std::size_t past_marker(const ByteVector& jpeg, std::uint8_t code, std::size_t from) {
    for (std::size_t i = from; i + 1 < jpeg.size(); ++i)
        if (jpeg[i] == 0xff && jpeg[i + 1] == code) return i + 2;
    throw std::logic_error("the JPEG has no such marker");
}

}  // namespace

ByteVector make_jpeg(const Image& image, JpegKind kind) {
    const bool cmyk = kind == JpegKind::adobe_cmyk || kind == JpegKind::plain_cmyk;
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);  // Exits on error: a test's own pictures have none.
    jpeg_create_compress(&info);
    unsigned char* encoded = nullptr;
    unsigned long encoded_bytes = 0;
    jpeg_mem_dest(&info, &encoded, &encoded_bytes);
    info.image_width = static_cast<JDIMENSION>(image.width_px);
    info.image_height = static_cast<JDIMENSION>(image.height_px);
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    if (cmyk) info.input_components = 4, info.in_color_space = JCS_CMYK;
    if (kind == JpegKind::gray) info.input_components = 1, info.in_color_space = JCS_GRAYSCALE;
    if (kind == JpegKind::two_channels) info.input_components = 2, info.in_color_space = JCS_UNKNOWN;
    jpeg_set_defaults(&info);
    if (kind == JpegKind::plain_cmyk) info.write_Adobe_marker = FALSE;
    if (kind == JpegKind::arithmetic) info.arith_code = TRUE;
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
    jpeg_set_quality(&info, 95, TRUE);
    if (kind == JpegKind::progressive) jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    ByteVector row;
    for (int y = 0; y < image.height_px; ++y) {
        row.clear();
        for (int x = 0; x < image.width_px; ++x) {
            const std::uint8_t* rgb = image.row(y) + x * 3;
            if (cmyk) {
                // No black ink; Adobe writes the complement of the ink, which is the colour itself.
                const std::uint8_t flip = kind == JpegKind::adobe_cmyk ? 0 : 255;
                for (int c = 0; c < 3; ++c) row.push_back(rgb[c] ^ flip);
                row.push_back(255 ^ flip);
            } else {
                row.insert(row.end(), rgb, rgb + info.input_components);
            }
        }
        JSAMPROW pointer = row.data();
        jpeg_write_scanlines(&info, &pointer, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    ByteVector out(encoded, encoded + encoded_bytes);
    std::free(encoded);
    return out;
}

ByteVector make_jpeg(const Image& image, const JpegOptions& options) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* encoded = nullptr;
    unsigned long encoded_bytes = 0;
    jpeg_mem_dest(&info, &encoded, &encoded_bytes);
    info.image_width = static_cast<JDIMENSION>(image.width_px);
    info.image_height = static_cast<JDIMENSION>(image.height_px);
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    if (options.gray) jpeg_set_colorspace(&info, JCS_GRAYSCALE);
    if (!options.gray) {
        info.comp_info[0].h_samp_factor = options.across;
        info.comp_info[0].v_samp_factor = options.down;
    }
    info.restart_interval = static_cast<unsigned>(options.restart_interval);
    info.optimize_coding = options.optimised ? TRUE : FALSE;
    jpeg_set_quality(&info, options.quality, TRUE);
    jpeg_start_compress(&info, TRUE);
    for (int y = 0; y < image.height_px; ++y) {
        ByteVector row(image.row(y), image.row(y) + image.stride_bytes());
        JSAMPROW pointer = row.data();
        jpeg_write_scanlines(&info, &pointer, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    ByteVector out(encoded, encoded + encoded_bytes);
    std::free(encoded);
    return out;
}

ByteVector jpeg_with_exif(const ByteVector& jpeg, const ByteVector& exif) {
    const std::size_t length = 2 + 6 + exif.size();
    const std::array<std::uint8_t, 12> head{0xff,
                                            0xd8,
                                            0xff,
                                            0xe1,
                                            static_cast<std::uint8_t>(length >> 8),
                                            static_cast<std::uint8_t>(length),
                                            'E',
                                            'x',
                                            'i',
                                            'f',
                                            0,
                                            0};
    ByteVector out(head.size() + exif.size() + jpeg.size() - 2);
    const auto after_head = std::copy(head.begin(), head.end(), out.begin());
    const auto after_exif = std::copy(exif.begin(), exif.end(), after_head);
    std::copy(jpeg.begin() + 2, jpeg.end(), after_exif);
    return out;
}

ByteVector jpeg_with_repeated_scan(const ByteVector& jpeg, int count) {
    std::size_t scan = past_marker(jpeg, 0xda, 0) - 2;
    for (std::size_t i = scan; i + 1 < jpeg.size(); ++i)
        if (jpeg[i] == 0xff && jpeg[i + 1] == 0xda) scan = i;
    const auto from = jpeg.begin() + static_cast<std::ptrdiff_t>(scan);
    const auto end = jpeg.end() - 2;  // EOI.
    ByteVector out(jpeg.begin(), end);
    for (int i = 0; i < count; ++i) out.insert(out.end(), from, end);
    out.insert(out.end(), end, jpeg.end());
    return out;
}

ByteVector jpeg_declaring(ByteVector jpeg, int width_px, int height_px) {
    const std::size_t frame = past_marker(jpeg, 0xc0, 0) + 3;  // Past length and precision.
    jpeg[frame] = static_cast<std::uint8_t>(height_px >> 8);
    jpeg[frame + 1] = static_cast<std::uint8_t>(height_px);
    jpeg[frame + 2] = static_cast<std::uint8_t>(width_px >> 8);
    jpeg[frame + 3] = static_cast<std::uint8_t>(width_px);
    return jpeg;
}

}  // namespace findme::testing
