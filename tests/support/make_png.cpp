#include <png.h>

#include "support/make_image.hpp"

namespace findme::testing {
namespace {

void append(png_structp png, png_bytep data, std::size_t size) {
    auto* out = static_cast<ByteVector*>(png_get_io_ptr(png));
    out->insert(out->end(), data, data + size);
}

void put_u32_be(ByteVector& out, std::size_t at, std::uint32_t value) {
    for (int i = 0; i < 4; ++i)
        out[at + static_cast<unsigned>(i)] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::uint32_t crc32_of(const std::uint8_t* data, std::size_t size) {
    std::uint32_t crc = 0xffffffffU;
    for (std::size_t i = 0; i < size; ++i) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320U & (0U - (crc & 1U)));
    }
    return ~crc;
}

/// A row as `kind` stores it.
ByteVector png_row(const Image& image, int y, PngKind kind) {
    ByteVector row;
    for (int x = 0; x < image.width_px; ++x) {
        const std::uint8_t* rgb = image.row(y) + x * 3;
        switch (kind) {
            case PngKind::rgb:
            case PngKind::interlaced:
                row.insert(row.end(), rgb, rgb + 3);
                break;
            case PngKind::rgb16:
                for (int c = 0; c < 3; ++c) row.insert(row.end(), 2, rgb[c]);
                break;
            case PngKind::rgba:
            case PngKind::interlaced_rgba:
                row.insert(row.end(), rgb, rgb + 3);
                row.push_back(128);
                break;
            case PngKind::gray:
            case PngKind::gray_trns:
                row.push_back(rgb[0]);
                break;
            case PngKind::palette:
                row.push_back(static_cast<std::uint8_t>(rgb[0] / 16));
                break;
        }
    }
    return row;
}

}  // namespace

ByteVector make_png(const Image& image, PngKind kind, const ByteVector& exif) {
    ByteVector out;
    // Errors abort: a test's own pictures have none.
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &out, append, nullptr);
    int color = PNG_COLOR_TYPE_RGB;
    if (kind == PngKind::rgba || kind == PngKind::interlaced_rgba) color = PNG_COLOR_TYPE_RGB_ALPHA;
    if (kind == PngKind::gray || kind == PngKind::gray_trns) color = PNG_COLOR_TYPE_GRAY;
    if (kind == PngKind::palette) color = PNG_COLOR_TYPE_PALETTE;
    const bool interlaced = kind == PngKind::interlaced || kind == PngKind::interlaced_rgba;
    png_set_IHDR(png, info, static_cast<png_uint_32>(image.width_px),
                 static_cast<png_uint_32>(image.height_px), kind == PngKind::rgb16 ? 16 : 8, color,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
                 PNG_FILTER_TYPE_BASE);
    if (kind == PngKind::palette) {
        // Entry i is the gray 16 * i.
        png_color palette[16];
        for (int i = 0; i < 16; ++i)
            palette[i].red = palette[i].green = palette[i].blue = static_cast<png_byte>(16 * i);
        png_set_PLTE(png, info, palette, 16);
    }
    if (kind == PngKind::gray_trns) {
        png_color_16 transparent{};  // Gray 0.
        png_set_tRNS(png, info, nullptr, 0, &transparent);
    }
    ByteVector block = exif;
    if (!block.empty()) png_set_eXIf_1(png, info, static_cast<png_uint_32>(block.size()), block.data());
    png_write_info(png, info);
    const int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; ++pass)
        for (int y = 0; y < image.height_px; ++y) png_write_row(png, png_row(image, y, kind).data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return out;
}

ByteVector png_declaring(ByteVector png, std::uint32_t width_px, std::uint32_t height_px) {
    put_u32_be(png, 16, width_px);
    put_u32_be(png, 20, height_px);
    put_u32_be(png, 29, crc32_of(png.data() + 12, 17));
    return png;
}

}  // namespace findme::testing
