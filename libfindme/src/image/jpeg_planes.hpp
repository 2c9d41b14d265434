#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "findme/image.hpp"
#include "image/jpeg_kernels.hpp"
#include "image/jpeg_scan.hpp"

namespace findme::image {

/// A component's samples between its inverse DCT and the picture: the last two rows of MCUs, so that a row
/// finds its neighbours.
struct JpegPlane {
    JpegGrid grid;
    int rows = 0;  ///< Of one row of MCUs.
    std::size_t stride_bytes = 0;
    std::vector<std::uint8_t> samples;

    /// Row `y` of the component, which is one of the last 2 * rows.
    [[nodiscard]] std::uint8_t* row(int y) {
        return samples.data() + static_cast<std::size_t>(y % (2 * rows)) * stride_bytes;
    }
};

/// Turns samples into rows of the picture while they are in the cache.
class JpegPlanes {
  public:
    JpegPlanes(const JpegScan& scan, const JpegKernels& kernels, Image& image);

    [[nodiscard]] JpegPlane& plane(int component) { return planes_[static_cast<std::size_t>(component)]; }

    /// Row `mcu_row` of MCUs is complete in all planes: writes the rows of the picture that can now be made.
    void finish_mcu_row(int mcu_row);

  private:
    void write_row(int y);
    [[nodiscard]] const std::uint8_t* full_row(JpegPlane& plane, int y, std::vector<std::uint8_t>& scratch);

    const JpegKernels& kernels_;
    Image& image_;
    int component_count_;
    int mcu_rows_;
    bool looks_ahead_ = false;  ///< A row needs the chroma below it.
    int written_rows_ = 0;
    std::array<JpegPlane, 3> planes_;
    std::vector<std::uint8_t> cb_row_;
    std::vector<std::uint8_t> cr_row_;
};

}  // namespace findme::image
