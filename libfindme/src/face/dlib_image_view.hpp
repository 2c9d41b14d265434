#pragma once

#include "face/dlib_headers.hpp"
// Above the others, which it changes.
#include <dlib/image_processing/generic_image.h>
#include <dlib/pixel.h>

#include "findme/image.hpp"

namespace findme::face {

/// Lets dlib read an Image without a copy.
struct DlibImageView {
    const Image* image = nullptr;
};

inline long num_rows(const DlibImageView& view) {
    return view.image->height_px;
}
inline long num_columns(const DlibImageView& view) {
    return view.image->width_px;
}
inline const void* image_data(const DlibImageView& view) {
    return view.image->pixels.data();
}
inline long width_step(const DlibImageView& view) {
    return static_cast<long>(view.image->stride_bytes());
}

}  // namespace findme::face

template <>
struct dlib::image_traits<findme::face::DlibImageView> {
    using pixel_type = dlib::rgb_pixel;
};
template <>
struct dlib::image_traits<const findme::face::DlibImageView> {
    using pixel_type = dlib::rgb_pixel;
};
