#pragma once

#include <cstdint>
#include <vector>

#include "image/bytes.hpp"

namespace findme::image {

/// The bytes of a JPEG's scan without the zeros stuffed behind each 0xff, through a window that slides on
/// when asked to. A restart interval is a segment of its own.
///
/// Behind the window lies room to read on, initialised but without meaning: a reader goes up to limit()
/// unchecked for each MCU, and is told afterwards.
class JpegScanBytes {
  public:
    /// @param  bytes  the file from the first byte behind the scan's header.
    explicit JpegScanBytes(Bytes bytes);

    /// The next segment, from its beginning. Nothing where the file ends before a marker does.
    [[nodiscard]] const std::uint8_t* begin_segment();

    /// Slides the window on, so that it begins at `at`, which is within it. Gives the new place of the same
    /// byte; nothing where the segment has no more bytes, or is not followed by a marker.
    [[nodiscard]] const std::uint8_t* slide(const std::uint8_t* at);

    /// Up to here an MCU may begin: all its bytes are in the window, or the segment's end is. A reader that
    /// is past it when has_end() went beyond the segment.
    [[nodiscard]] const std::uint8_t* limit() const;

    [[nodiscard]] bool has_end() const { return marker_ != 0; }
    /// Of the byte behind the segment's last.
    [[nodiscard]] const std::uint8_t* end() const { return window_.data() + used_; }
    /// What ended the segment; 0 as long as that is not known.
    [[nodiscard]] std::uint8_t marker() const { return marker_; }

  private:
    [[nodiscard]] bool fill();

    Bytes rest_;
    std::vector<std::uint8_t> window_;
    std::size_t used_ = 0;
    std::uint8_t marker_ = 0;
};

}  // namespace findme::image
