#include "image/orient.hpp"

#include <algorithm>
#include <cstddef>

#include "image/limits.hpp"

namespace findme::image {

Image upright(Image stored, int orientation) {
    if (orientation <= 1 || orientation > 8) return stored;

    // Every orientation is one walk: the output pixel (x, y) lies at first + x * step_x + y * step_y of the
    // input.
    const bool transposed = orientation >= 5;
    const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const auto stride = static_cast<std::ptrdiff_t>(stored.stride_bytes());
    const std::ptrdiff_t along_x = mirror_x ? -3 : 3;            // One step along the stored row.
    const std::ptrdiff_t along_y = mirror_y ? -stride : stride;  // One step along the stored column.
    const std::ptrdiff_t first = (mirror_x ? (stored.width_px - 1) * std::ptrdiff_t{3} : 0) +
                                 (mirror_y ? (stored.height_px - 1) * stride : 0);
    const std::ptrdiff_t step_x = transposed ? along_y : along_x;
    const std::ptrdiff_t step_y = transposed ? along_x : along_y;

    Image out;
    out.width_px = transposed ? stored.height_px : stored.width_px;
    out.height_px = transposed ? stored.width_px : stored.height_px;
    out.pixels = pixel_buffer(out.width_px, out.height_px, 3);

    // Blocks keep both sides of a transposition in the cache: 64 rows x 64 px x 3 bytes is 12 KiB each.
    constexpr int kBlockPx = 64;
    for (int block_y = 0; block_y < out.height_px; block_y += kBlockPx) {
        const int end_y = std::min(block_y + kBlockPx, out.height_px);
        for (int block_x = 0; block_x < out.width_px; block_x += kBlockPx) {
            const int end_x = std::min(block_x + kBlockPx, out.width_px);
            for (int y = block_y; y < end_y; ++y) {
                std::uint8_t* to = out.row(y) + std::ptrdiff_t{block_x} * 3;
                std::ptrdiff_t from = first + block_x * step_x + y * step_y;
                for (int x = block_x; x < end_x; ++x, to += 3, from += step_x)
                    std::copy_n(stored.pixels.data() + from, 3, to);
            }
        }
    }
    return out;
}

}  // namespace findme::image
