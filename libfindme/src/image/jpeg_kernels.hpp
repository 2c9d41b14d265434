#pragma once

#include <cstddef>
#include <cstdint>

#include "image/jpeg_huffman.hpp"

// The inner loops of the JPEG decoder, once for any processor and once for each kind that does better. Plain
// pointers and arrays: what a file of kernels includes is compiled for one processor, and an inline function
// of the standard library that came out of it could be linked into code for all of them.

namespace findme::image {

/// The most blocks an MCU of the kinds that are decoded here has: 4:2:0.
constexpr int kMostMcuBlocks = 6;
/// Bytes that one MCU takes at most, every symbol being as long as can be, with the reader's 8 bytes ahead.
constexpr int kMostMcuBytes = kMostMcuBlocks * 64 * 4 + 16;

/// MCUs that are decoded and then transformed together: enough for the vectors, few enough for their
/// coefficients to stay in the first-level cache.
constexpr int kBatchMcus = 8;

/// One block of a batch.
struct BlockPlan {
    const DcTable* dc;
    const AcTable* ac;
    int component;
    int most_dc;      ///< A larger DC coefficient would not fit 16 bits once it is multiplied out.
    int offset;       ///< Where its coefficients begin.
    int last_offset;  ///< Where its entry of `last` is.
};

/// A batch, MCU by MCU.
///
/// Coefficients lie in groups of as many blocks as the kernels have lanes: row 0 of every block, row 1 of
/// every block
/// ... row 7, and one more row that takes what must be written somewhere. So a row of all is one load.
struct BatchPlan {
    BlockPlan blocks[kBatchMcus * kMostMcuBlocks];
    int mcu_blocks;
    std::uint16_t places[256];  ///< The zigzag place -> offset from a block's first; past 63 the spare row.
};

struct EntropyState {
    const std::uint8_t* at;     ///< The next byte to load.
    const std::uint8_t* limit;  ///< No MCU is begun from here on.
    std::uint64_t bits;         ///< Loaded, highest first.
    unsigned count;             ///< How many of them.
    int predictors[3];
    int decoded;  ///< MCUs decoded by the last call.
};

struct UpsampleRow {
    const std::uint8_t* near;
    const std::uint8_t* far;  ///< The row on the other side of the output row.
    int width_px;             ///< Of the input.
    bool above;               ///< `far` is the row above.
};

/// IDCT of `groups` groups, each `lanes` blocks wide, into rows of `stride_bytes`.
using Idct = void (*)(const std::int16_t* coefficients, const std::int16_t* quantisers,
                      const std::uint8_t* last, int groups, std::uint8_t* out, std::ptrdiff_t stride_bytes);

struct JpegKernels {
    int lanes;          ///< Blocks that are transformed at once: 1, 2 or 4.
    int least_divisor;  ///< At larger scales than this one's libjpeg, with vector code for most processors,
                        ///< is faster.
    /// Decodes MCUs first .. first + count of a batch, stopping before one that would begin at state.limit.
    /// False on damage.
    bool (*decode_mcus)(EntropyState& state, const BatchPlan& plan, int first, int count,
                        std::int16_t* coefficients, std::uint8_t* last);
    Idct idct_8x8;
    Idct idct_4x4;
    Idct idct_2x2;
    Idct idct_1x1;
    /// Triangle filters that double the width, the height, or both, as libjpeg's fancy upsampling does.
    void (*widen)(const UpsampleRow& row, std::uint8_t* out);
    void (*heighten)(const UpsampleRow& row, std::uint8_t* out);
    void (*enlarge)(const UpsampleRow& row, std::uint8_t* out);
    /// Every pixel twice.
    void (*repeat)(const UpsampleRow& row, std::uint8_t* out);
    void (*to_rgb)(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr, int width_px,
                   std::uint8_t* rgb);
    void (*gray_to_rgb)(const std::uint8_t* y, int width_px, std::uint8_t* rgb);
};

enum class JpegTarget {
    portable,  ///< Any processor.
    avx2,      ///< x86-64 with AVX2 and BMI2.
};

/// Nothing where this build or this processor has no such kernels.
[[nodiscard]] const JpegKernels* jpeg_kernels(JpegTarget target) noexcept;

/// The best that this processor has.
[[nodiscard]] const JpegKernels& best_jpeg_kernels() noexcept;

}  // namespace findme::image
