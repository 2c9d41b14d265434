// libFuzzer target: our JPEG decoder takes nothing that libjpeg refuses, makes the same pixels with all
// kernels, and never changes the verdict on a file.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "findme/image.hpp"
#include "image/codec.hpp"
#include "image/jpeg.hpp"
#include "image/jpeg_kernels.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace image = findme::image;
    const std::span<const std::uint8_t> bytes(data, size);
    findme::ImageLimits limits;
    limits.max_file_bytes = 1U << 20U;
    limits.max_side_px = 2000;
    limits.max_pixels = 250'000;
    limits.max_jpeg_scans = 20;
    const auto header = findme::read_image_header(bytes, limits);
    if (!header.ok() || header->format != findme::ImageFormat::jpeg) return 0;

    const int divisor = 1 << size % 4;
    const auto expected = image::read_jpeg_with_libjpeg(bytes, divisor);
    const auto portable =
        image::read_jpeg_with(*image::jpeg_kernels(image::JpegTarget::portable), bytes, divisor);
    if (portable && !expected.ok()) std::abort();
    if (portable && portable->pixels.size() != expected->pixels.size()) std::abort();
    if (const auto* kernels = image::jpeg_kernels(image::JpegTarget::avx2)) {
        const auto fast = image::read_jpeg_with(*kernels, bytes, divisor);
        if (fast.has_value() != portable.has_value()) std::abort();
        if (fast && fast->pixels != portable->pixels) std::abort();
    }
    return 0;
}
