#include "image/jpeg_scan.hpp"

#include <algorithm>

namespace findme::image {
namespace {

int divided_up(int value, int by) {
    return (value + by - 1) / by;
}

int most_across(const JpegScan& scan) {
    int most = 1;
    for (int i = 0; i < scan.component_count; ++i) most = std::max(most, scan.components[i].across);
    return most;
}

int most_down(const JpegScan& scan) {
    int most = 1;
    for (int i = 0; i < scan.component_count; ++i) most = std::max(most, scan.components[i].down);
    return most;
}

JpegFilter filter_of(bool twice_across, bool twice_down, bool smooth, int width_px) {
    if (twice_across) {
        if (!smooth || width_px <= 2) return JpegFilter::repeat;
        return twice_down ? JpegFilter::enlarge : JpegFilter::widen;
    }
    if (twice_down) return smooth ? JpegFilter::heighten : JpegFilter::repeat_rows;
    return JpegFilter::none;
}

}  // namespace

int mcus_across(const JpegScan& scan) {
    return divided_up(scan.width_px, 8 * most_across(scan));
}

int mcus_down(const JpegScan& scan) {
    return divided_up(scan.height_px, 8 * most_down(scan));
}

JpegGrid grid_of(const JpegScan& scan, int component) {
    const auto& own = scan.components[component];
    const int smallest_px = 8 / scan.divisor;
    int across = most_across(scan) / own.across;
    int down = most_down(scan) / own.down;
    JpegGrid grid;
    grid.block_px = smallest_px;
    if (across == 2 && down == 2 && smallest_px < 8) {
        grid.block_px *= 2;
        across = down = 1;
    }
    grid.width_px = divided_up(scan.width_px * grid.block_px * own.across, 8 * most_across(scan));
    grid.height_px = divided_up(scan.height_px * grid.block_px * own.down, 8 * most_down(scan));
    grid.down = down;
    // libjpeg does not smooth what was shrunk to one pixel a block, nor what has no pixel between its edges.
    grid.filter = filter_of(across == 2, down == 2, smallest_px > 1, grid.width_px);
    return grid;
}

bool has_known_sampling(const JpegScan& scan) {
    const auto& [luma, cb, cr] = scan.components;
    if (scan.component_count == 1) return luma.across == 1 && luma.down == 1;
    return scan.component_count == 3 && luma.across >= 1 && luma.across <= 2 && luma.down >= 1 &&
           luma.down <= 2 && cb.across == 1 && cb.down == 1 && cr.across == 1 && cr.down == 1;
}

}  // namespace findme::image
