#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "face/shape.hpp"

// The operations that oneDNN has no fitting form for, over float32 or bfloat16 elements.

namespace findme::face {

/// The upper half of a float32.
struct BFloat16 {
    std::uint16_t bits = 0;
};

[[nodiscard]] inline float to_float(float value) {
    return value;
}
[[nodiscard]] inline float to_float(BFloat16 value) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16U);
}
inline void store(float& place, float value) {
    place = value;
}
/// Rounded to nearest, to even where two are as near. Finite values only.
inline void store(BFloat16& place, float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    place.bits = static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);
}

template <typename Element>
struct TensorView {
    const Element* data = nullptr;
    Shape shape;
};

/// out = a + b, where a and b may be smaller in any direction but the batch: missing elements count as zero.
template <typename Element>
void add_tensors(const TensorView<Element>& a, const TensorView<Element>& b, bool relu, Element* out,
                 const Shape& shape) {
    const auto pixel = [](const TensorView<Element>& from, int n, int y, int x) -> const Element* {
        if (y >= from.shape.height || x >= from.shape.width) return nullptr;
        const std::size_t at = (static_cast<std::size_t>(n) * from.shape.height + y) * from.shape.width + x;
        return from.data + at * from.shape.channels;
    };
    for (int n = 0; n < shape.batch; ++n) {
        for (int y = 0; y < shape.height; ++y) {
            for (int x = 0; x < shape.width; ++x, out += shape.channels) {
                const Element* one = pixel(a, n, y, x);
                const Element* other = pixel(b, n, y, x);
                const int in_one = one == nullptr ? 0 : a.shape.channels;
                const int in_other = other == nullptr ? 0 : b.shape.channels;
                for (int c = 0; c < shape.channels; ++c) {
                    const float sum =
                        (c < in_one ? to_float(one[c]) : 0.0F) + (c < in_other ? to_float(other[c]) : 0.0F);
                    store(out[c], relu ? std::max(sum, 0.0F) : sum);
                }
            }
        }
    }
}

/// The channels of all parts behind one another, at every pixel.
template <typename Element>
void concat_tensors(const std::vector<TensorView<Element>>& parts, Element* out, const Shape& shape) {
    const std::size_t pixels = shape.size() / static_cast<std::size_t>(shape.channels);
    for (const TensorView<Element>& part : parts) {
        const auto channels = static_cast<std::size_t>(part.shape.channels);
        for (std::size_t p = 0; p < pixels; ++p) {
            std::copy_n(part.data + p * channels, channels,
                        out + p * static_cast<std::size_t>(shape.channels));
        }
        out += channels;
    }
}

/// Every element four times: `out` is twice as high and wide.
template <typename Element>
void enlarge_tensor(const TensorView<Element>& from, Element* out) {
    const auto channels = static_cast<std::size_t>(from.shape.channels);
    const std::size_t row = 2 * static_cast<std::size_t>(from.shape.width) * channels;
    const Element* in = from.data;
    for (int y = 0; y < from.shape.batch * from.shape.height; ++y, out += 2 * row) {
        for (Element* to = out; to != out + row; to += 2 * channels, in += channels) {
            std::copy_n(in, channels, to);
            std::copy_n(in, channels, to + channels);
        }
        std::copy_n(out, row, out + row);
    }
}

}  // namespace findme::face
