// Compiled for processors with AVX2 and BMI2 (see libfindme/CMakeLists.txt).

#include "image/jpeg_entropy.hpp"
#include "image/jpeg_idct_x86.hpp"
#include "image/jpeg_kernels.hpp"
#include "image/jpeg_rows.hpp"

namespace findme::image {
namespace {

/// Two blocks, one in each half.
struct Avx2 {
    using Register = __m256i;
    static constexpr int kLanes = 2;

    static Register load(const std::int16_t* from) {
        return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
    }
    static Register set_32(int value) { return _mm256_set1_epi32(value); }
    static Register pair(int a, int b) {
        return _mm256_set1_epi32(
            static_cast<int>(static_cast<unsigned>(b) << 16U | (static_cast<unsigned>(a) & 0xffffU)));
    }
    static Register add_16(Register a, Register b) { return _mm256_add_epi16(a, b); }
    static Register sub_16(Register a, Register b) { return _mm256_sub_epi16(a, b); }
    static Register multiply_16(Register a, Register b) { return _mm256_mullo_epi16(a, b); }
    static Register multiply_add(Register a, Register b) { return _mm256_madd_epi16(a, b); }
    static Register add_32(Register a, Register b) { return _mm256_add_epi32(a, b); }
    static Register sub_32(Register a, Register b) { return _mm256_sub_epi32(a, b); }
    template <int Bits>
    static Register shift_right_32(Register a) {
        return _mm256_srai_epi32(a, Bits);
    }
    static Register pack_32(Register a, Register b) { return _mm256_packs_epi32(a, b); }
    static Register unpack_low_16(Register a, Register b) { return _mm256_unpacklo_epi16(a, b); }
    static Register unpack_high_16(Register a, Register b) { return _mm256_unpackhi_epi16(a, b); }
    static Register unpack_low_32(Register a, Register b) { return _mm256_unpacklo_epi32(a, b); }
    static Register unpack_high_32(Register a, Register b) { return _mm256_unpackhi_epi32(a, b); }
    static Register unpack_low_64(Register a, Register b) { return _mm256_unpacklo_epi64(a, b); }
    static Register unpack_high_64(Register a, Register b) { return _mm256_unpackhi_epi64(a, b); }

    /// Signed values around 0 to samples, of `a` in the lower and `b` in the upper 8 bytes of each half.
    static Register to_bytes(Register a, Register b) {
        return _mm256_add_epi8(_mm256_packs_epi16(a, b), _mm256_set1_epi8(-128));
    }
    /// Row a and row b of both blocks.
    static void store_rows_8(Register bytes, std::uint8_t* a, std::uint8_t* b) {
        const Register rows = _mm256_permute4x64_epi64(bytes, 0xd8);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(a), _mm256_castsi256_si128(rows));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(b), _mm256_extracti128_si256(rows, 1));
    }
    /// Four rows of four samples of each block.
    static void store_rows_4(Register bytes, std::uint8_t* out, std::ptrdiff_t stride_bytes) {
        const Register rows = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        const __m128i upper = _mm256_castsi256_si128(rows);
        const __m128i lower = _mm256_extracti128_si256(rows, 1);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out), upper);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out + stride_bytes), _mm_unpackhi_epi64(upper, upper));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out + 2 * stride_bytes), lower);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out + 3 * stride_bytes),
                         _mm_unpackhi_epi64(lower, lower));
    }
};

/// Blocks of 2x2 and 1x1 pixels are few instructions each; their groups need no vectors of their own.
void idct_2x2(const std::int16_t* coefficients, const std::int16_t* quantisers, const std::uint8_t* last,
              int groups, std::uint8_t* out, std::ptrdiff_t stride_bytes) {
    const Avx2::Register factors_odd7 = Avx2::pair(-fixed(0.720959822), fixed(0.850430095));
    const Avx2::Register factors_odd3 = Avx2::pair(-fixed(1.272758580), fixed(3.624509785));
    for (int group = 0; group < groups;
         ++group, coefficients += std::ptrdiff_t{2} * 72, last += 2, out += std::ptrdiff_t{2} * 2) {
        if (only_dc<Avx2>(last)) {
            fill<Avx2, 2>(coefficients, quantisers, out, stride_bytes);
            continue;
        }
        Avx2::Register in[8];
        load<Avx2>(coefficients, quantisers, in);
        const auto even = raised<Avx2, kConstBits + 2>(in[0]);
        const Pairs<Avx2> p75(in[7], in[5]);
        const Pairs<Avx2> p31(in[3], in[1]);
        const Sums<Avx2> odd =
            Sums<Avx2>{_mm256_madd_epi16(p75.low, factors_odd7), _mm256_madd_epi16(p75.high, factors_odd7)} +
            Sums<Avx2>{_mm256_madd_epi16(p31.low, factors_odd3), _mm256_madd_epi16(p31.high, factors_odd3)};
        alignas(32) std::int16_t rows[2][16];
        constexpr int kPass1 = kConstBits - kPass1Bits + 2;
        _mm256_store_si256(reinterpret_cast<__m256i*>(rows[0]), descaled<Avx2, kPass1>(even + odd));
        _mm256_store_si256(reinterpret_cast<__m256i*>(rows[1]), descaled<Avx2, kPass1>(even - odd));
        for (int lane = 0; lane < 2; ++lane) {
            for (int y = 0; y < 2; ++y) {
                const std::int16_t* row = rows[y] + std::ptrdiff_t{lane} * 8;
                const int x0 = row[0] * (1 << (kConstBits + 2));
                const int x1 = -row[7] * fixed(0.720959822) + row[5] * fixed(0.850430095) -
                               row[3] * fixed(1.272758580) + row[1] * fixed(3.624509785);
                constexpr int kPass2 = kConstBits + kPass1Bits + 3 + 2;
                const auto sample = [](unsigned value) {
                    return clamp_byte((static_cast<int>(value + (1U << (kPass2 - 1))) >> kPass2) + 128);
                };
                const auto even_part = static_cast<unsigned>(x0), odd_part = static_cast<unsigned>(x1);
                out[y * stride_bytes + std::ptrdiff_t{lane} * 2] = sample(even_part + odd_part);
                out[y * stride_bytes + std::ptrdiff_t{lane} * 2 + 1] = sample(even_part - odd_part);
            }
        }
    }
}

void idct_1x1(const std::int16_t* coefficients, const std::int16_t* quantisers, const std::uint8_t*,
              int groups, std::uint8_t* out, std::ptrdiff_t stride_bytes) {
    for (int group = 0; group < groups; ++group, coefficients += std::ptrdiff_t{2} * 72, out += 2)
        fill<Avx2, 1>(coefficients, quantisers, out, stride_bytes);
}

/// 16 values of 16 bits each, `v` around 0: v * factor / 2^16, rounded.
__m256i scaled(__m256i v, short factor) {
    const __m256i doubled = _mm256_mulhi_epi16(_mm256_add_epi16(v, v), _mm256_set1_epi16(factor));
    return _mm256_srai_epi16(_mm256_add_epi16(doubled, _mm256_set1_epi16(1)), 1);
}

struct Rgb16 {
    __m256i r, g, b;
};

/// See pixel_to_rgb; the factors without their whole parts, which are added.
Rgb16 convert(__m256i y, __m256i cb, __m256i cr) {
    const __m256i middle = _mm256_set1_epi16(128);
    cb = _mm256_sub_epi16(cb, middle);
    cr = _mm256_sub_epi16(cr, middle);
    const __m256i r = _mm256_add_epi16(_mm256_add_epi16(y, cr), scaled(cr, 91881 - 65536));
    const __m256i b =
        _mm256_add_epi16(_mm256_add_epi16(y, _mm256_add_epi16(cb, cb)), scaled(cb, 116130 - 131072));
    const __m256i factors = Avx2::pair(-22554, 65536 - 46802);
    const __m256i half = _mm256_set1_epi32(1 << 15);
    const __m256i low = _mm256_add_epi32(_mm256_madd_epi16(_mm256_unpacklo_epi16(cb, cr), factors), half);
    const __m256i high = _mm256_add_epi32(_mm256_madd_epi16(_mm256_unpackhi_epi16(cb, cr), factors), half);
    const __m256i green = _mm256_packs_epi32(_mm256_srai_epi32(low, 16), _mm256_srai_epi32(high, 16));
    return {r, _mm256_add_epi16(_mm256_sub_epi16(y, cr), green), b};
}

/// 16 samples of each channel to 48 bytes R G B R G B ...
void store_rgb(__m128i r, __m128i g, __m128i b, std::uint8_t* rgb) {
    // Each byte's place: of 16 bytes of output every third one comes from each channel.
    const __m128i r0 = _mm_setr_epi8(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5);
    const __m128i g0 = _mm_setr_epi8(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1);
    const __m128i b0 = _mm_setr_epi8(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1);
    const __m128i r1 = _mm_setr_epi8(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1);
    const __m128i g1 = _mm_setr_epi8(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10);
    const __m128i b1 = _mm_setr_epi8(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1);
    const __m128i r2 = _mm_setr_epi8(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1);
    const __m128i g2 = _mm_setr_epi8(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1);
    const __m128i b2 = _mm_setr_epi8(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15);
    const auto mixed = [&](__m128i from_r, __m128i from_g, __m128i from_b) {
        return _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(r, from_r), _mm_shuffle_epi8(g, from_g)),
                            _mm_shuffle_epi8(b, from_b));
    };
    auto* out = reinterpret_cast<__m128i*>(rgb);
    _mm_storeu_si128(out, mixed(r0, g0, b0));
    _mm_storeu_si128(out + 1, mixed(r1, g1, b1));
    _mm_storeu_si128(out + 2, mixed(r2, g2, b2));
}

__m256i widened(const std::uint8_t* from) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

__m128i bytes_of(__m256i values) {
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packus_epi16(values, values), 0x08));
}

void to_rgb(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr, int width_px,
            std::uint8_t* rgb) {
    int x = 0;
    for (; x + 16 <= width_px; x += 16) {
        const Rgb16 pixels = convert(widened(y + x), widened(cb + x), widened(cr + x));
        store_rgb(bytes_of(pixels.r), bytes_of(pixels.g), bytes_of(pixels.b), rgb + std::ptrdiff_t{3} * x);
    }
    for (; x < width_px; ++x) pixel_to_rgb(y[x], cb[x], cr[x], rgb + std::ptrdiff_t{3} * x);
}

}  // namespace

const JpegKernels& avx2_jpeg_kernels() noexcept {
    static constexpr JpegKernels kKernels{.lanes = Avx2::kLanes,
                                          .least_divisor = 1,
                                          .decode_mcus = decode_mcus,
                                          .idct_8x8 = inverse_dct_8x8<Avx2>,
                                          .idct_4x4 = inverse_dct_4x4<Avx2>,
                                          .idct_2x2 = idct_2x2,
                                          .idct_1x1 = idct_1x1,
                                          .widen = widen,
                                          .heighten = heighten,
                                          .enlarge = enlarge,
                                          .repeat = repeat,
                                          .to_rgb = to_rgb,
                                          .gray_to_rgb = gray_to_rgb};
    return kKernels;
}

}  // namespace findme::image
