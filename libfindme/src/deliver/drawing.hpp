#pragma once

#include <cstdint>

/// What is drawn with OpenCV, as a shared object of its own that the first contact sheet loads: linked,
/// OpenCV would cost every start of the tool as much as all else together. The two sides agree on C
/// functions, and no exception crosses.
namespace findme::deliver {

/// RGB pixels, rows one after another; borrowed.
struct Canvas {
    std::uint8_t* pixels;
    int width_px;
    int height_px;
};

/// The file's name, in a folder `findme` beside libfindme.
inline constexpr char kDrawingModule[] = "libfindme-drawing.so";

extern "C" {
/// Copies a picture to a place that holds all of it, and frames a rectangle of it, given in the picture's own
/// pixels, its far edge included.
/// @return false where OpenCV failed.
using DrawPicture = bool(const Canvas* sheet, const Canvas* picture, int left, int top, int x0, int y0,
                         int x1, int y1);
/// Writes printable ASCII from a base line's left end.
/// @return false where OpenCV failed.
using DrawText = bool(const Canvas* sheet, const char* text, int left, int base_line);
}

}  // namespace findme::deliver
