#pragma once

#include <cstdint>

#include "findme/image.hpp"

namespace findme::image {

/// v / 255 rounded to nearest, for 0 <= v <= 255 * 255.
[[nodiscard]] constexpr std::uint8_t div_255(unsigned v) {
    return static_cast<std::uint8_t>((v + 128 + ((v + 128) >> 8)) >> 8);
}

/// What a channel shows when paper is white: straight (not premultiplied) alpha.
[[nodiscard]] constexpr std::uint8_t over_white(std::uint8_t value, std::uint8_t alpha) {
    return div_255(unsigned{value} * alpha + 255U * (255U - alpha));
}

/// N x 4 bytes R,G,B,A become N x 3 bytes R,G,B over white, in place so that no second picture is held.
void drop_alpha_over_white(PixelBytes& pixels);

enum class CmykSign {
    ink,         ///< 255 is full ink.
    ink_absent,  ///< 255 is bare paper: what Adobe writes into JPEG.
};

/// N x 4 bytes C,M,Y,K become N x 3 bytes R,G,B, in place, without a colour profile.
void convert_cmyk_to_rgb(PixelBytes& pixels, CmykSign sign);

}  // namespace findme::image
