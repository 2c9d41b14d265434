#include "image/jpeg_entropy.hpp"
#include "image/jpeg_kernels.hpp"
#include "image/jpeg_rows.hpp"

// Inverse DCTs in integers: the Loeffler-Ligtenberg-Moschytz factorisation with 13 fractional bits, and its
// reductions to four and two outputs that are the averages of two and four of the eight. All the choices of
// constants and rounding are those of libjpeg's "islow" method, so that the pixels are the same.

namespace findme::image {
namespace {

constexpr int kConstBits = 13;
constexpr int kPass1Bits = 2;

constexpr int fixed(double value) {
    return (static_cast<int>(value * (2 << kConstBits)) + 1) / 2;  // Of positive numbers, to the nearest.
}

inline int descale(int value, int bits) {
    return static_cast<int>(static_cast<unsigned>(value) + (1U << (bits - 1))) >> bits;
}

/// Wraps: the largest values a damaged file can ask for do not fit the last sums.
inline int plus(int a, int b) {
    return static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b));
}
inline int minus(int a, int b) {
    return static_cast<int>(static_cast<unsigned>(a) - static_cast<unsigned>(b));
}

/// Between the passes values have 16 bits, in the vector kernels too.
inline int to_16_bits(int value) {
    return value < -32768 ? -32768 : value > 32767 ? 32767 : value;
}

inline std::uint8_t to_sample(int value) {
    value += 128;
    return static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

/// Wraps like the vector kernels where a damaged file asks for more than 16 bits.
inline int dequantised(const std::int16_t* coefficients, const std::int16_t* quantisers, int at) {
    return static_cast<std::int16_t>(coefficients[at] * quantisers[at]);
}

/// Sums of 16 bits that wrap like those of the vector kernels, so that both make the same pixels of a damaged
/// file.
inline int wrapped(int sum) {
    return static_cast<std::int16_t>(sum);
}

/// Eight values into eight, scaled up by 2^kConstBits.
inline void transform_8(const int (&in)[8], int (&out)[8]) {
    const int even2 = in[2] * fixed(0.541196100) + in[6] * (fixed(0.541196100) - fixed(1.847759065));
    const int even3 = in[2] * (fixed(0.541196100) + fixed(0.765366865)) + in[6] * fixed(0.541196100);
    const int even0 = wrapped(in[0] + in[4]) * (1 << kConstBits);
    const int even1 = wrapped(in[0] - in[4]) * (1 << kConstBits);
    const int a = even0 + even3;
    const int d = even0 - even3;
    const int b = even1 + even2;
    const int c = even1 - even2;

    const int s73 = wrapped(in[7] + in[3]);
    const int s51 = wrapped(in[5] + in[1]);
    const int z73 = s73 * (fixed(1.175875602) - fixed(1.961570560)) + s51 * fixed(1.175875602);
    const int z51 = s73 * fixed(1.175875602) + s51 * (fixed(1.175875602) - fixed(0.390180644));
    const int odd0 = in[7] * (fixed(0.298631336) - fixed(0.899976223)) - in[1] * fixed(0.899976223) + z73;
    const int odd3 = in[1] * (fixed(1.501321110) - fixed(0.899976223)) - in[7] * fixed(0.899976223) + z51;
    const int odd1 = in[5] * (fixed(2.053119869) - fixed(2.562915447)) - in[3] * fixed(2.562915447) + z51;
    const int odd2 = in[3] * (fixed(3.072711026) - fixed(2.562915447)) - in[5] * fixed(2.562915447) + z73;

    out[0] = plus(a, odd3);
    out[7] = minus(a, odd3);
    out[1] = plus(b, odd2);
    out[6] = minus(b, odd2);
    out[2] = plus(c, odd1);
    out[5] = minus(c, odd1);
    out[3] = plus(d, odd0);
    out[4] = minus(d, odd0);
}

/// Eight values (the fifth is not needed) into four, scaled up by 2^(kConstBits + 1).
inline void transform_4(const int (&in)[8], int (&out)[4]) {
    const int even0 = in[0] * (1 << (kConstBits + 1));
    const int even2 = in[2] * fixed(1.847759065) - in[6] * fixed(0.765366865);
    const int odd0 = -in[7] * fixed(0.211164243) + in[5] * fixed(1.451774981) - in[3] * fixed(2.172734803) +
                     in[1] * fixed(1.061594337);
    const int odd2 = -in[7] * fixed(0.509795579) - in[5] * fixed(0.601344887) + in[3] * fixed(0.899976223) +
                     in[1] * fixed(2.562915447);
    out[0] = plus(even0 + even2, odd2);
    out[3] = minus(even0 + even2, odd2);
    out[1] = plus(even0 - even2, odd0);
    out[2] = minus(even0 - even2, odd0);
}

/// Eight values (the even ones past the first are not needed) into two, scaled up by 2^(kConstBits + 2).
inline void transform_2(const int (&in)[8], int (&out)[2]) {
    const int even = in[0] * (1 << (kConstBits + 2));
    const int odd = -in[7] * fixed(0.720959822) + in[5] * fixed(0.850430095) - in[3] * fixed(1.272758580) +
                    in[1] * fixed(3.624509785);
    out[0] = plus(even, odd);
    out[1] = minus(even, odd);
}

template <int Size>
inline void transform(const int (&in)[8], int (&out)[Size]) {
    if constexpr (Size == 8) transform_8(in, out);
    if constexpr (Size == 4) transform_4(in, out);
    if constexpr (Size == 2) transform_2(in, out);
}

template <int Size>
void fill_block(int dc, std::uint8_t* out, std::ptrdiff_t stride_bytes) {
    const std::uint8_t sample = to_sample(descale(dc, 3));
    for (int y = 0; y < Size; ++y)
        for (int x = 0; x < Size; ++x) out[y * stride_bytes + x] = sample;
}

template <int Size>
void inverse_dct(const std::int16_t* coefficients, const std::int16_t* quantisers, const std::uint8_t* last,
                 int groups, std::uint8_t* out, std::ptrdiff_t stride_bytes) {
    constexpr int kExtraBits = Size == 8 ? 0 : Size == 4 ? 1 : 2;
    for (int group = 0; group < groups; ++group, coefficients += 72, out += Size) {
        if (last[group] == 0 || Size == 1) {
            fill_block<Size>(dequantised(coefficients, quantisers, 0), out, stride_bytes);
            continue;
        }
        if constexpr (Size > 1) {
            int columns[Size][8];
            for (int x = 0; x < 8; ++x) {
                if (Size < 8 && x == 4) continue;
                int in[8];
                for (int y = 0; y < 8; ++y) in[y] = dequantised(coefficients, quantisers, y * 8 + x);
                int values[Size];
                transform<Size>(in, values);
                for (int y = 0; y < Size; ++y)
                    columns[y][x] = to_16_bits(descale(values[y], kConstBits - kPass1Bits + kExtraBits));
            }
            for (int y = 0; y < Size; ++y) {
                int values[Size];
                transform<Size>(columns[y], values);
                for (int x = 0; x < Size; ++x)
                    out[y * stride_bytes + x] =
                        to_sample(descale(values[x], kConstBits + kPass1Bits + 3 + kExtraBits));
            }
        }
    }
}

void to_rgb(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr, int width_px,
            std::uint8_t* rgb) {
    for (int x = 0; x < width_px; ++x) pixel_to_rgb(y[x], cb[x], cr[x], rgb + std::ptrdiff_t{3} * x);
}

}  // namespace

const JpegKernels& portable_jpeg_kernels() noexcept {
    static constexpr JpegKernels kKernels{.lanes = 1,
                                          .least_divisor = 8,
                                          .decode_mcus = decode_mcus,
                                          .idct_8x8 = inverse_dct<8>,
                                          .idct_4x4 = inverse_dct<4>,
                                          .idct_2x2 = inverse_dct<2>,
                                          .idct_1x1 = inverse_dct<1>,
                                          .widen = widen,
                                          .heighten = heighten,
                                          .enlarge = enlarge,
                                          .repeat = repeat,
                                          .to_rgb = to_rgb,
                                          .gray_to_rgb = gray_to_rgb};
    return kKernels;
}

}  // namespace findme::image
