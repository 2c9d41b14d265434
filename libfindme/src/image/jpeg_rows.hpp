#pragma once

#include <cstdint>

#include "image/jpeg_kernels.hpp"

// Upsampling of chroma rows, written so that the compiler turns the loops into vector code. Included once by
// each file of kernels, like jpeg_entropy.hpp.

namespace findme::image {
namespace {

inline std::uint8_t quarter(unsigned sum) {
    return static_cast<std::uint8_t>(static_cast<std::uint16_t>(sum) >> 2U);
}

inline std::uint8_t sixteenth(unsigned sum) {
    return static_cast<std::uint8_t>(static_cast<std::uint16_t>(sum) >> 4U);
}

void widen(const UpsampleRow& row, std::uint8_t* __restrict out) {
    const std::uint8_t* __restrict in = row.near;
    const std::ptrdiff_t end = row.width_px - 1;
    out[0] = in[0];
    out[1] = quarter(3U * in[0] + in[1] + 2U);
    for (std::ptrdiff_t i = 1; i < end; ++i) {
        out[2 * i] = quarter(3U * in[i] + in[i - 1] + 1U);
        out[2 * i + 1] = quarter(3U * in[i] + in[i + 1] + 2U);
    }
    out[2 * end] = quarter(3U * in[end] + in[end - 1] + 1U);
    out[2 * end + 1] = in[end];
}

void heighten(const UpsampleRow& row, std::uint8_t* __restrict out) {
    const std::uint8_t* __restrict near = row.near;
    const std::uint8_t* __restrict far = row.far;
    const unsigned bias = row.above ? 1 : 2;
    for (int i = 0; i < row.width_px; ++i) out[i] = quarter(3U * near[i] + far[i] + bias);
}

void enlarge(const UpsampleRow& row, std::uint8_t* __restrict out) {
    const std::uint8_t* __restrict near = row.near;
    const std::uint8_t* __restrict far = row.far;
    const auto sum = [near, far](std::ptrdiff_t i) { return 3U * near[i] + far[i]; };
    const std::ptrdiff_t end = row.width_px - 1;
    out[0] = sixteenth(4U * sum(0) + 8U);
    out[1] = sixteenth(3U * sum(0) + sum(1) + 7U);
    for (std::ptrdiff_t i = 1; i < end; ++i) {
        out[2 * i] = sixteenth(3U * sum(i) + sum(i - 1) + 8U);
        out[2 * i + 1] = sixteenth(3U * sum(i) + sum(i + 1) + 7U);
    }
    out[2 * end] = sixteenth(3U * sum(end) + sum(end - 1) + 8U);
    out[2 * end + 1] = sixteenth(4U * sum(end) + 7U);
}

void repeat(const UpsampleRow& row, std::uint8_t* __restrict out) {
    const std::uint8_t* __restrict in = row.near;
    for (std::ptrdiff_t i = 0; i < row.width_px; ++i) out[2 * i] = out[2 * i + 1] = in[i];
}

void gray_to_rgb(const std::uint8_t* __restrict y, int width_px, std::uint8_t* __restrict rgb) {
    for (std::ptrdiff_t i = 0; i < width_px; ++i) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = y[i];
}

inline std::uint8_t clamp_byte(int value) {
    return static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

/// JFIF's conversion (ITU-R BT.601, full range) in 16 fractional bits, rounded as libjpeg does.
inline void pixel_to_rgb(int y, int cb, int cr, std::uint8_t* rgb) {
    cb -= 128;
    cr -= 128;
    constexpr int kHalf = 1 << 15;
    rgb[0] = clamp_byte(y + ((91881 * cr + kHalf) >> 16));
    rgb[1] = clamp_byte(y + ((-22554 * cb - 46802 * cr + kHalf) >> 16));
    rgb[2] = clamp_byte(y + ((116130 * cb + kHalf) >> 16));
}

}  // namespace
}  // namespace findme::image
