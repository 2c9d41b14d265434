#include "image/jpeg_planes.hpp"

#include <algorithm>

namespace findme::image {
namespace {

/// Vector code reads and writes whole groups: up to four blocks past the last one that counts.
constexpr std::size_t kSpareBytes = 64;

}  // namespace

JpegPlanes::JpegPlanes(const JpegScan& scan, const JpegKernels& kernels, Image& image)
    : kernels_(kernels), image_(image), component_count_(scan.component_count), mcu_rows_(mcus_down(scan)) {
    for (int i = 0; i < component_count_; ++i) {
        const auto& component = scan.components[i];
        JpegPlane& out = plane(i);
        out.grid = grid_of(scan, i);
        out.rows = component.down * out.grid.block_px;
        out.stride_bytes =
            static_cast<std::size_t>(mcus_across(scan)) * component.across * out.grid.block_px + kSpareBytes;
        out.samples.resize(out.stride_bytes * 2 * static_cast<std::size_t>(out.rows));
        looks_ahead_ =
            looks_ahead_ || out.grid.filter == JpegFilter::heighten || out.grid.filter == JpegFilter::enlarge;
    }
    const std::size_t row_bytes = static_cast<std::size_t>(image.width_px) + kSpareBytes;
    cb_row_.resize(row_bytes);
    cr_row_.resize(row_bytes);
}

void JpegPlanes::finish_mcu_row(int mcu_row) {
    int end = (mcu_row + 1) * plane(0).rows;
    if (looks_ahead_) --end;
    if (mcu_row + 1 == mcu_rows_) end = image_.height_px;
    for (end = std::min(end, image_.height_px); written_rows_ < end; ++written_rows_)
        write_row(written_rows_);
}

void JpegPlanes::write_row(int y) {
    const std::uint8_t* luma = plane(0).row(y);
    if (component_count_ == 1) {
        kernels_.gray_to_rgb(luma, image_.width_px, image_.row(y));
        return;
    }
    const std::uint8_t* cb = full_row(plane(1), y, cb_row_);
    const std::uint8_t* cr = full_row(plane(2), y, cr_row_);
    kernels_.to_rgb(luma, cb, cr, image_.width_px, image_.row(y));
}

const std::uint8_t* JpegPlanes::full_row(JpegPlane& plane, int y, std::vector<std::uint8_t>& scratch) {
    const JpegGrid& grid = plane.grid;
    const int near = y / grid.down;
    if (grid.filter == JpegFilter::none || grid.filter == JpegFilter::repeat_rows) return plane.row(near);
    const bool above = y % 2 == 0;
    const int far = std::clamp(above ? near - 1 : near + 1, 0, grid.height_px - 1);
    const UpsampleRow row{
        .near = plane.row(near), .far = plane.row(far), .width_px = grid.width_px, .above = above};
    switch (grid.filter) {
        case JpegFilter::repeat:
            kernels_.repeat(row, scratch.data());
            break;
        case JpegFilter::widen:
            kernels_.widen(row, scratch.data());
            break;
        case JpegFilter::heighten:
            kernels_.heighten(row, scratch.data());
            break;
        default:
            kernels_.enlarge(row, scratch.data());
    }
    return scratch.data();
}

}  // namespace findme::image
