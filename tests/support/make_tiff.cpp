#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "support/make_image.hpp"

namespace findme::testing {
namespace {

struct Memory {
    ByteVector bytes;
    std::size_t at = 0;
};

tmsize_t on_read(thandle_t handle, void* to, tmsize_t size) {
    auto& memory = *static_cast<Memory*>(handle);
    if (memory.at >= memory.bytes.size()) return 0;
    const auto count = std::min(static_cast<std::size_t>(size), memory.bytes.size() - memory.at);
    std::memcpy(to, memory.bytes.data() + memory.at, count);
    memory.at += count;
    return static_cast<tmsize_t>(count);
}

tmsize_t on_write(thandle_t handle, void* from, tmsize_t size) {
    auto& memory = *static_cast<Memory*>(handle);
    const auto count = static_cast<std::size_t>(size);
    if (memory.bytes.size() < memory.at + count) memory.bytes.resize(memory.at + count);
    std::memcpy(memory.bytes.data() + memory.at, from, count);
    memory.at += count;
    return size;
}

toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    auto& memory = *static_cast<Memory*>(handle);
    if (whence == SEEK_SET) memory.at = offset;
    if (whence == SEEK_CUR) memory.at += offset;
    if (whence == SEEK_END) memory.at = memory.bytes.size() + offset;
    return memory.at;
}

void require(bool held) {
    if (!held) throw std::logic_error("libtiff cannot make the test picture");
}

struct Format {
    int samples = 3;
    int bits = 8;
    int photometric = PHOTOMETRIC_RGB;
    int compression = COMPRESSION_NONE;
};

Format format_of(TiffKind kind) {
    switch (kind) {
        case TiffKind::rgb16:
            return {.bits = 16};
        case TiffKind::gray:
            return {.samples = 1, .photometric = PHOTOMETRIC_MINISBLACK};
        case TiffKind::gray16:
            return {.samples = 1, .bits = 16, .photometric = PHOTOMETRIC_MINISBLACK};
        case TiffKind::white_is_zero:
            return {.samples = 1, .photometric = PHOTOMETRIC_MINISWHITE};
        case TiffKind::rgba:
            return {.samples = 4};
        case TiffKind::palette:
            return {.samples = 1, .photometric = PHOTOMETRIC_PALETTE};
        case TiffKind::cmyk:
            return {.samples = 4, .photometric = PHOTOMETRIC_SEPARATED};
        case TiffKind::deflate:
            return {.compression = COMPRESSION_ADOBE_DEFLATE};
        case TiffKind::lzw:
            return {.compression = COMPRESSION_LZW};
        case TiffKind::packbits:
            return {.compression = COMPRESSION_PACKBITS};
        case TiffKind::jpeg:
            return {.photometric = PHOTOMETRIC_YCBCR, .compression = COMPRESSION_JPEG};
        case TiffKind::float32:
            return {.bits = 32};
        case TiffKind::fax4:
            return {.samples = 1,
                    .bits = 1,
                    .photometric = PHOTOMETRIC_MINISWHITE,
                    .compression = COMPRESSION_CCITTFAX4};
        case TiffKind::lab:
            return {.photometric = PHOTOMETRIC_CIELAB};
        default:
            return {};
    }
}

/// One pixel as `kind` stores it; palettes use the red value as index.
void put_pixel(ByteVector& out, const std::uint8_t* rgb, TiffKind kind, const Format& format) {
    if (kind == TiffKind::cmyk) {
        for (int c = 0; c < 3; ++c) out.push_back(static_cast<std::uint8_t>(255 - rgb[c]));
        out.push_back(0);
        return;
    }
    for (int c = 0; c < std::min(format.samples, 3); ++c) {
        const auto value = kind == TiffKind::white_is_zero ? static_cast<std::uint8_t>(255 - rgb[c]) : rgb[c];
        out.insert(out.end(), static_cast<std::size_t>(format.bits / 8), value);  // v * 257 for 16 bits.
    }
    if (kind == TiffKind::rgba) out.push_back(128);
}

void write_rows(TIFF* tiff, const Image& image, TiffKind kind, const Format& format) {
    for (int y = 0; y < image.height_px; ++y) {
        ByteVector row;
        if (kind == TiffKind::fax4)
            row.assign(static_cast<std::size_t>(image.width_px + 7) / 8, 0x55);
        else
            for (int x = 0; x < image.width_px; ++x) put_pixel(row, image.row(y) + x * 3, kind, format);
        require(TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), 0) == 1);
    }
}

void write_planes(TIFF* tiff, const Image& image) {
    for (int plane = 0; plane < 3; ++plane)
        for (int y = 0; y < image.height_px; ++y) {
            ByteVector row;
            for (int x = 0; x < image.width_px; ++x) row.push_back(image.row(y)[x * 3 + plane]);
            require(TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y),
                                      static_cast<std::uint16_t>(plane)) == 1);
        }
}

void write_tiles(TIFF* tiff, const Image& image, int side_px) {
    ByteVector tile(static_cast<std::size_t>(side_px * side_px * 3));
    for (int top = 0; top < image.height_px; top += side_px)
        for (int left = 0; left < image.width_px; left += side_px) {
            for (int y = 0; y < side_px; ++y)
                for (int x = 0; x < side_px; ++x) {
                    const int from_y = std::min(top + y, image.height_px - 1);
                    const int from_x = std::min(left + x, image.width_px - 1);
                    std::copy_n(image.row(from_y) + from_x * 3, 3,
                                tile.data() + static_cast<std::size_t>(y * side_px + x) * 3);
                }
            require(TIFFWriteTile(tiff, tile.data(), static_cast<std::uint32_t>(left),
                                  static_cast<std::uint32_t>(top), 0, 0) > 0);
        }
}

}  // namespace

ByteVector make_tiff(const Image& image, TiffKind kind, int orientation,
                     const std::string& date_time_original) {
    constexpr int kTileSidePx = 32;
    const Format format = format_of(kind);
    Memory memory;
    TIFF* tiff = TIFFClientOpen(
        "test", "w", &memory, on_read, on_write, on_seek, [](thandle_t) { return 0; },
        [](thandle_t handle) -> toff_t { return static_cast<Memory*>(handle)->bytes.size(); }, nullptr,
        nullptr);
    require(tiff != nullptr);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image.width_px);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image.height_px);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, format.samples);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, format.bits);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, format.photometric);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, format.compression);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
                 kind == TiffKind::planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, orientation);
    if (kind == TiffKind::float32) TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
    if (kind == TiffKind::thumbnail) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    if (kind == TiffKind::dng) TIFFSetField(tiff, TIFFTAG_DNGVERSION, "\1\4\0\0");
    if (kind == TiffKind::rgba) {
        const std::array<std::uint16_t, 1> straight{EXTRASAMPLE_UNASSALPHA};
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, straight.data());
    }
    if (kind == TiffKind::palette) {
        std::array<std::uint16_t, 256> ramp{};
        for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<std::uint16_t>(i * 257);
        TIFFSetField(tiff, TIFFTAG_COLORMAP, ramp.data(), ramp.data(), ramp.data());
    }
    if (kind == TiffKind::jpeg) {
        TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
        TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 95);
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    if (kind == TiffKind::tiled) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kTileSidePx);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, kTileSidePx);
        write_tiles(tiff, image, kTileSidePx);
    } else {
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 16);
        if (kind == TiffKind::planar)
            write_planes(tiff, image);
        else
            write_rows(tiff, image, kind, format);
    }
    if (!date_time_original.empty()) {
        // libtiff wants the picture's directory on disk, then the EXIF one, then the first again with the
        // offset.
        TIFFSetField(tiff, TIFFTAG_EXIFIFD, std::uint64_t{0});
        require(TIFFWriteDirectory(tiff) == 1);
        require(TIFFCreateEXIFDirectory(tiff) == 0);
        TIFFSetField(tiff, EXIFTAG_DATETIMEORIGINAL, date_time_original.c_str());
        std::uint64_t offset = 0;
        require(TIFFWriteCustomDirectory(tiff, &offset) == 1);
        require(TIFFSetDirectory(tiff, 0) == 1);
        TIFFSetField(tiff, TIFFTAG_EXIFIFD, offset);
        require(TIFFRewriteDirectory(tiff) == 1);
    }
    TIFFClose(tiff);
    return memory.bytes;
}

ByteVector tiff_with_pixels_last(ByteVector tiff) {
    const auto number_at = [&tiff](std::size_t at, int size) {
        std::size_t value = 0;
        for (int i = size - 1; i >= 0; --i) value = value << 8 | tiff[at + static_cast<unsigned>(i)];
        return value;
    };
    const std::size_t directory = number_at(4, 4);
    std::size_t offset_entry = 0, strip_at = 0, strip_bytes = 0;
    for (std::size_t i = 0; i < number_at(directory, 2); ++i) {
        const std::size_t entry = directory + 2 + i * 12;
        const std::size_t value = number_at(entry + 8, number_at(entry + 2, 2) == TIFF_SHORT ? 2 : 4);
        const std::size_t tag = number_at(entry, 2);
        if (tag != TIFFTAG_STRIPOFFSETS && tag != TIFFTAG_STRIPBYTECOUNTS) continue;
        require(number_at(entry + 4, 4) == 1);
        if (tag == TIFFTAG_STRIPOFFSETS) offset_entry = entry, strip_at = value;
        if (tag == TIFFTAG_STRIPBYTECOUNTS) strip_bytes = value;
    }
    require(offset_entry != 0 && strip_bytes != 0);
    const ByteVector strip(tiff.begin() + static_cast<std::ptrdiff_t>(strip_at),
                           tiff.begin() + static_cast<std::ptrdiff_t>(strip_at + strip_bytes));
    tiff[offset_entry + 2] = TIFF_LONG;
    for (unsigned i = 0; i < 4; ++i)
        tiff[offset_entry + 8 + i] = static_cast<std::uint8_t>(tiff.size() >> (8 * i));
    tiff.insert(tiff.end(), strip.begin(), strip.end());
    return tiff;
}

}  // namespace findme::testing
