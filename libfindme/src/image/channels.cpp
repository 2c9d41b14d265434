#include "image/channels.hpp"

#include <cstddef>

namespace findme::image {
namespace {

/// Calls convert(four bytes, three bytes) for each pixel, front to back: the write never overtakes the read.
template <typename Convert>
void four_to_three(PixelBytes& pixels, Convert convert) {
    const std::size_t count = pixels.size() / 4;
    for (std::size_t i = 0; i < count; ++i) convert(pixels.data() + i * 4, pixels.data() + i * 3);
    pixels.resize(count * 3);
}

}  // namespace

void drop_alpha_over_white(PixelBytes& pixels) {
    four_to_three(pixels, [](const std::uint8_t* from, std::uint8_t* to) {
        const std::uint8_t red = from[0], green = from[1], blue = from[2], alpha = from[3];
        to[0] = over_white(red, alpha);
        to[1] = over_white(green, alpha);
        to[2] = over_white(blue, alpha);
    });
}

void convert_cmyk_to_rgb(PixelBytes& pixels, CmykSign sign) {
    const unsigned flip = sign == CmykSign::ink ? 255U : 0U;
    four_to_three(pixels, [flip](const std::uint8_t* from, std::uint8_t* to) {
        const unsigned cyan = from[0] ^ flip, magenta = from[1] ^ flip, yellow = from[2] ^ flip,
                       key = from[3] ^ flip;
        to[0] = div_255(cyan * key);
        to[1] = div_255(magenta * key);
        to[2] = div_255(yellow * key);
    });
}

}  // namespace findme::image
