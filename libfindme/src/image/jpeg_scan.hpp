#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "findme/image.hpp"
#include "image/bytes.hpp"
#include "image/jpeg_huffman.hpp"

namespace findme::image {

struct JpegKernels;

/// What is to be decoded: a sequential JPEG of 8 bits in one scan, as its header tells. Whoever fills this in
/// has judged the header.
struct JpegScan {
    struct Component {
        int across = 1;  ///< Blocks in an MCU, 1 or 2.
        int down = 1;
        int dc_table = 0;                          ///< 0-3
        int ac_table = 0;                          ///< 0-3
        std::array<std::uint16_t, 64> quantisers;  ///< Row by row.
    };

    int width_px = 0;
    int height_px = 0;
    int divisor = 1;          ///< The picture is wanted at 1/1, 1/2, 1/4 or 1/8.
    int component_count = 0;  ///< 1, gray, or 3: Y, Cb, Cr.
    std::array<Component, 3> components;
    std::array<std::optional<HuffmanSpec>, 4> dc_tables;
    std::array<std::optional<HuffmanSpec>, 4> ac_tables;
    int restart_interval = 0;  ///< In MCUs; 0 for none.
    Bytes bytes;               ///< The file from the scan's first byte.
};

enum class JpegFilter {
    none,
    repeat_rows,  ///< Each row twice.
    repeat,       ///< Each pixel twice, and each row as often as needed.
    widen,
    heighten,
    enlarge
};

/// A component's share of a scan.
struct JpegGrid {
    int block_px = 8;   ///< Side of what a block becomes: 8, 4, 2 or 1.
    int width_px = 0;   ///< Of the component at that scale, without what fills its last blocks.
    int height_px = 0;  ///< Likewise.
    int down = 1;       ///< Rows of the picture for each row of the component.
    JpegFilter filter = JpegFilter::none;
};

/// How many MCUs there are, and what becomes of each component. All choices are libjpeg's: chroma is
/// transformed to a larger block rather than enlarged afterwards where that can be.
[[nodiscard]] int mcus_across(const JpegScan& scan);
[[nodiscard]] int mcus_down(const JpegScan& scan);
[[nodiscard]] JpegGrid grid_of(const JpegScan& scan, int component);

/// True where the scan's sampling is one of 4:4:4, 4:2:2, 4:4:0 and 4:2:0, or gray.
[[nodiscard]] bool has_known_sampling(const JpegScan& scan);

/// Decodes the scan into `image`, whose size is the scan's divided and rounded up.
/// @return   false where anything is not as a sound file has it; the pixels are then worth nothing, and it is
/// for
///           libjpeg to say whether the file is.
/// @errors   throws std::bad_alloc.
/// @threads  safe.
[[nodiscard]] bool decode_scan(const JpegScan& scan, const JpegKernels& kernels, Image& image);

}  // namespace findme::image
