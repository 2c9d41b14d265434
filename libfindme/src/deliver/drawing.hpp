#pragma once

#include <cstdint>

#include "base/part.hpp"

namespace findme::deliver {

/// RGB pixels, rows one after another; borrowed.
struct Canvas {
    std::uint8_t* pixels;
    int width_px;
    int height_px;
};

/// What is drawn with OpenCV: a part that the first contact sheet loads.
struct Drawing : base::PartHeader {
    /// Copies a picture to a place that holds all of it, and frames a rectangle of it, given in the picture's
    /// own pixels, its far edge included.
    /// @return false where OpenCV failed.
    bool (*picture)(const Canvas& sheet, const Canvas& picture, int left, int top, int x0, int y0, int x1,
                    int y1);
    /// Writes printable ASCII from a base line's left end.
    /// @return false where OpenCV failed.
    bool (*text)(const Canvas& sheet, const char* text, int left, int base_line);
};

}  // namespace findme::deliver
