// libFuzzer target: any bytes decode or are refused, in bounded time and memory.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "findme/image.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> bytes(data, size);
    findme::ImageLimits limits;
    limits.max_file_bytes = 1U << 20U;
    limits.max_side_px = 2000;
    limits.max_pixels = 1'000'000;
    limits.max_jpeg_scans = 20;

    const auto header = findme::read_image_header(bytes, limits);
    const auto decoded =
        findme::decode_image(bytes, limits, {.enough_long_side_px = static_cast<int>(size % 3) * 64});
    // What the header refuses must not decode, and what decodes must fill its picture.
    if (decoded.ok() && !header.ok()) std::abort();
    if (decoded.ok() &&
        decoded->image.pixels.size() !=
            decoded->image.stride_bytes() * static_cast<std::size_t>(decoded->image.height_px))
        std::abort();
    return 0;
}
