#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

// The inverse DCTs of jpeg_kernels_portable.cpp for groups of blocks: `Vector` holds one row of each block in
// its 128-bit lanes, and every instruction works within them. The arithmetic is the same to the last bit.

namespace findme::image {
namespace {

constexpr int kConstBits = 13;
constexpr int kPass1Bits = 2;

constexpr int fixed(double value) {
    return (static_cast<int>(value * (2 << kConstBits)) + 1) / 2;  // Of positive numbers, to the nearest.
}

/// Products of 16 bits, added in pairs: a * x + b * y for the upper and the lower half of x and y.
template <typename V>
struct Sums {
    typename V::Register low;
    typename V::Register high;

    Sums operator+(const Sums& other) const {
        return {V::add_32(low, other.low), V::add_32(high, other.high)};
    }
    Sums operator-(const Sums& other) const {
        return {V::sub_32(low, other.low), V::sub_32(high, other.high)};
    }
};

/// Two rows, value by value: what multiply-and-add takes.
template <typename V>
struct Pairs {
    typename V::Register low;
    typename V::Register high;

    Pairs(typename V::Register x, typename V::Register y)
        : low(V::unpack_low_16(x, y)), high(V::unpack_high_16(x, y)) {}

    [[nodiscard]] Sums<V> times(int a, int b) const {
        const auto factors = V::pair(a, b);
        return {V::multiply_add(low, factors), V::multiply_add(high, factors)};
    }
};

template <typename V, int Bits>
typename V::Register descaled(const Sums<V>& sums) {
    const auto half = V::set_32(1 << (Bits - 1));
    return V::pack_32(V::template shift_right_32<Bits>(V::add_32(sums.low, half)),
                      V::template shift_right_32<Bits>(V::add_32(sums.high, half)));
}

/// x * 2^Bits in 32 bits.
template <typename V, int Bits>
Sums<V> raised(typename V::Register x) {
    const auto zero = V::set_32(0);
    return {V::template shift_right_32<16 - Bits>(V::unpack_low_16(zero, x)),
            V::template shift_right_32<16 - Bits>(V::unpack_high_16(zero, x))};
}

/// rows[i], all eight columns at once, become the transform of the columns.
template <typename V, int Bits>
void transform_8(typename V::Register (&rows)[8]) {
    const Pairs<V> p26(rows[2], rows[6]);
    const auto even2 = p26.times(fixed(0.541196100), fixed(0.541196100) - fixed(1.847759065));
    const auto even3 = p26.times(fixed(0.541196100) + fixed(0.765366865), fixed(0.541196100));
    const auto even0 = raised<V, kConstBits>(V::add_16(rows[0], rows[4]));
    const auto even1 = raised<V, kConstBits>(V::sub_16(rows[0], rows[4]));
    const auto a = even0 + even3;
    const auto d = even0 - even3;
    const auto b = even1 + even2;
    const auto c = even1 - even2;

    const Pairs<V> sums(V::add_16(rows[7], rows[3]), V::add_16(rows[5], rows[1]));
    const auto z73 = sums.times(fixed(1.175875602) - fixed(1.961570560), fixed(1.175875602));
    const auto z51 = sums.times(fixed(1.175875602), fixed(1.175875602) - fixed(0.390180644));
    const Pairs<V> p71(rows[7], rows[1]);
    const Pairs<V> p53(rows[5], rows[3]);
    const auto odd0 = p71.times(fixed(0.298631336) - fixed(0.899976223), -fixed(0.899976223)) + z73;
    const auto odd3 = p71.times(-fixed(0.899976223), fixed(1.501321110) - fixed(0.899976223)) + z51;
    const auto odd1 = p53.times(fixed(2.053119869) - fixed(2.562915447), -fixed(2.562915447)) + z51;
    const auto odd2 = p53.times(-fixed(2.562915447), fixed(3.072711026) - fixed(2.562915447)) + z73;

    rows[0] = descaled<V, Bits>(a + odd3);
    rows[7] = descaled<V, Bits>(a - odd3);
    rows[1] = descaled<V, Bits>(b + odd2);
    rows[6] = descaled<V, Bits>(b - odd2);
    rows[2] = descaled<V, Bits>(c + odd1);
    rows[5] = descaled<V, Bits>(c - odd1);
    rows[3] = descaled<V, Bits>(d + odd0);
    rows[4] = descaled<V, Bits>(d - odd0);
}

template <typename V>
void transpose(typename V::Register (&r)[8]) {
    const auto a0 = V::unpack_low_16(r[0], r[1]), a1 = V::unpack_high_16(r[0], r[1]);
    const auto a2 = V::unpack_low_16(r[2], r[3]), a3 = V::unpack_high_16(r[2], r[3]);
    const auto a4 = V::unpack_low_16(r[4], r[5]), a5 = V::unpack_high_16(r[4], r[5]);
    const auto a6 = V::unpack_low_16(r[6], r[7]), a7 = V::unpack_high_16(r[6], r[7]);
    const auto b0 = V::unpack_low_32(a0, a2), b1 = V::unpack_high_32(a0, a2);
    const auto b2 = V::unpack_low_32(a1, a3), b3 = V::unpack_high_32(a1, a3);
    const auto b4 = V::unpack_low_32(a4, a6), b5 = V::unpack_high_32(a4, a6);
    const auto b6 = V::unpack_low_32(a5, a7), b7 = V::unpack_high_32(a5, a7);
    r[0] = V::unpack_low_64(b0, b4), r[1] = V::unpack_high_64(b0, b4);
    r[2] = V::unpack_low_64(b1, b5), r[3] = V::unpack_high_64(b1, b5);
    r[4] = V::unpack_low_64(b2, b6), r[5] = V::unpack_high_64(b2, b6);
    r[6] = V::unpack_low_64(b3, b7), r[7] = V::unpack_high_64(b3, b7);
}

template <typename V>
void load(const std::int16_t* coefficients, const std::int16_t* quantisers, typename V::Register (&rows)[8]) {
    for (int y = 0; y < 8; ++y)
        rows[y] = V::multiply_16(V::load(coefficients + y * V::kLanes * 8),
                                 V::load(quantisers + y * V::kLanes * 8));
}

template <typename V>
bool only_dc(const std::uint8_t* last) {
    int any = 0;
    for (int i = 0; i < V::kLanes; ++i) any |= last[i];
    return any == 0;
}

/// What remains of blocks without other coefficients.
template <typename V, int Size>
void fill(const std::int16_t* coefficients, const std::int16_t* quantisers, std::uint8_t* out,
          std::ptrdiff_t stride_bytes) {
    for (int i = 0; i < V::kLanes; ++i) {
        const int dc = static_cast<std::int16_t>(coefficients[std::ptrdiff_t{i} * 8] * quantisers[0]);
        const int sample = ((dc + 4) >> 3) + 128;
        const int byte = sample < 0 ? 0 : sample > 255 ? 255 : sample;
        const std::uint64_t row = 0x0101010101010101U * static_cast<unsigned>(byte);
        for (int y = 0; y < Size; ++y)
            std::memcpy(out + std::ptrdiff_t{i} * Size + y * stride_bytes, &row, Size);
    }
}

template <typename V>
void inverse_dct_8x8(const std::int16_t* coefficients, const std::int16_t* quantisers,
                     const std::uint8_t* last, int groups, std::uint8_t* out, std::ptrdiff_t stride_bytes) {
    for (int group = 0; group < groups; ++group) {
        if (only_dc<V>(last)) {
            fill<V, 8>(coefficients, quantisers, out, stride_bytes);
        } else {
            typename V::Register rows[8];
            load<V>(coefficients, quantisers, rows);
            transform_8<V, kConstBits - kPass1Bits>(rows);
            transpose<V>(rows);
            transform_8<V, kConstBits + kPass1Bits + 3>(rows);
            transpose<V>(rows);
            for (int y = 0; y < 8; y += 2)
                V::store_rows_8(V::to_bytes(rows[y], rows[y + 1]), out + y * stride_bytes,
                                out + (y + 1) * stride_bytes);
        }
        coefficients += V::kLanes * 72;
        last += V::kLanes;
        out += V::kLanes * 8;
    }
}

template <typename V>
void inverse_dct_4x4(const std::int16_t* coefficients, const std::int16_t* quantisers,
                     const std::uint8_t* last, int groups, std::uint8_t* out, std::ptrdiff_t stride_bytes) {
    for (int group = 0; group < groups; ++group) {
        if (only_dc<V>(last)) {
            fill<V, 4>(coefficients, quantisers, out, stride_bytes);
        } else {
            typename V::Register in[8];
            load<V>(coefficients, quantisers, in);
            const auto even0 = raised<V, kConstBits + 1>(in[0]);
            const auto even2 = Pairs<V>(in[2], in[6]).times(fixed(1.847759065), -fixed(0.765366865));
            const Pairs<V> p75(in[7], in[5]);
            const Pairs<V> p31(in[3], in[1]);
            const auto odd0 = p75.times(-fixed(0.211164243), fixed(1.451774981)) +
                              p31.times(-fixed(2.172734803), fixed(1.061594337));
            const auto odd2 = p75.times(-fixed(0.509795579), -fixed(0.601344887)) +
                              p31.times(fixed(0.899976223), fixed(2.562915447));
            constexpr int kPass1 = kConstBits - kPass1Bits + 1;
            const auto r0 = descaled<V, kPass1>(even0 + even2 + odd2);
            const auto r3 = descaled<V, kPass1>(even0 + even2 - odd2);
            const auto r1 = descaled<V, kPass1>(even0 - even2 + odd0);
            const auto r2 = descaled<V, kPass1>(even0 - even2 - odd0);

            // Columns 0 | 1, 2 | 3, 4 | 5 and 6 | 7, each of four values.
            const auto a0 = V::unpack_low_16(r0, r1), a1 = V::unpack_high_16(r0, r1);
            const auto a2 = V::unpack_low_16(r2, r3), a3 = V::unpack_high_16(r2, r3);
            const auto c01 = V::unpack_low_32(a0, a2), c23 = V::unpack_high_32(a0, a2);
            const auto c45 = V::unpack_low_32(a1, a3), c67 = V::unpack_high_32(a1, a3);

            const auto zero = V::set_32(0);
            const auto x0 = V::template shift_right_32<16 - (kConstBits + 1)>(V::unpack_low_16(zero, c01));
            const auto x2 =
                V::multiply_add(V::unpack_low_16(c23, c67), V::pair(fixed(1.847759065), -fixed(0.765366865)));
            const auto x75 = V::unpack_high_16(c67, c45);
            const auto x31 = V::unpack_high_16(c23, c01);
            const auto y0 = V::add_32(V::multiply_add(x75, V::pair(-fixed(0.211164243), fixed(1.451774981))),
                                      V::multiply_add(x31, V::pair(-fixed(2.172734803), fixed(1.061594337))));
            const auto y2 = V::add_32(V::multiply_add(x75, V::pair(-fixed(0.509795579), -fixed(0.601344887))),
                                      V::multiply_add(x31, V::pair(fixed(0.899976223), fixed(2.562915447))));
            constexpr int kPass2 = kConstBits + kPass1Bits + 3 + 1;
            const auto sum = V::add_32(x0, x2), difference = V::sub_32(x0, x2);
            // Columns 0 and 1, then 2 and 3 of the result; each pack is column | column.
            const auto d01 = descaled<V, kPass2>({V::add_32(sum, y2), V::add_32(difference, y0)});
            const auto d23 = descaled<V, kPass2>({V::sub_32(difference, y0), V::sub_32(sum, y2)});
            // To rows: 0 2 | 1 3, then 0 1 2 3 of each row.
            const auto e02 = V::unpack_low_16(d01, d23), e13 = V::unpack_high_16(d01, d23);
            V::store_rows_4(V::to_bytes(V::unpack_low_16(e02, e13), V::unpack_high_16(e02, e13)), out,
                            stride_bytes);
        }
        coefficients += V::kLanes * 72;
        last += V::kLanes;
        out += V::kLanes * 4;
    }
}

}  // namespace
}  // namespace findme::image
