#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "image/jpeg_kernels.hpp"

// Huffman decoding of blocks. Included once by each file of kernels and compiled there for its processor: all
// is local to that file, so that the linker cannot put one processor's code into another's place.

namespace findme::image {
namespace {

/// The next bits, highest first. Reads 8 bytes at a time: the window is padded for that.
struct BitReader {
    const std::uint8_t* at;
    std::uint64_t bits;
    unsigned count;

    /// At least 56 bits.
    void refill() {
        std::uint64_t next = 0;
        std::memcpy(&next, at, sizeof next);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        next = __builtin_bswap64(next);
#endif
        bits |= next >> count;
        at += (63 - count) >> 3;
        count |= 56;
    }
    void drop(unsigned length) {
        bits <<= length;
        count -= length;
    }
    /// The value in the last `size_bits` of the next `length` bits. Leaves them there.
    [[nodiscard]] int value_before(std::uint64_t length, unsigned size_bits) const {
        const std::uint64_t from = bits << ((length - size_bits) & 63U);
        // A value that begins with 0 is negative, and the complement of its size.
        const std::uint64_t flip = (from >> 63U) - 1;
        const std::uint64_t size = (from ^ flip) >> 1U >> (63 - size_bits);
        return static_cast<int>((size ^ flip) - flip);
    }
};

/// The code that `bits` begins with; its length is 0 where there is none.
struct FoundCode {
    unsigned length;
    std::uint8_t symbol;
};
inline FoundCode find_code(const LongCodes& codes, std::uint64_t bits) {
    const auto next = static_cast<std::uint32_t>(bits >> 48);
    for (unsigned length = 1; length <= 16; ++length) {
        if (next >= codes.limit[length]) continue;
        const auto place = static_cast<std::int32_t>(next >> (16 - length)) + codes.offset[length];
        return {length, codes.symbols[static_cast<std::uint32_t>(place) & 255U]};
    }
    return {0, 0};
}

/// Adds the next difference to `predictor`. Takes at most 27 bits. False on damage.
inline bool decode_dc(BitReader& in, const DcTable& table, int& predictor) {
    const DcEntry entry = table.entries[in.bits >> (64 - kDcLookupBits)];
    unsigned length = entry.length;
    unsigned size_bits = entry.size_bits;
    if (__builtin_expect(length == 0, 0)) {
        const FoundCode found = find_code(table.long_codes, in.bits);
        size_bits = found.symbol;
        length = found.length + size_bits;
        if (found.length == 0 || size_bits > kMostDcBits) return false;
    }
    predictor += in.value_before(length, size_bits);
    in.drop(length);
    return true;
}

/// Where the decoding of a block stands.
struct BlockState {
    std::int16_t* block;
    const std::uint16_t* places;
    std::uint64_t at;  ///< The zigzag place of the last coefficient.
};

enum class Step { on, end, damage };

/// Ends a block with symbols that reach its last place or go beyond it. `last` becomes the place of the last
/// coefficient.
inline Step end_block(BitReader& in, const AcEntry& entry, std::uint64_t at, std::uint8_t& last) {
    const std::uint64_t first = at + entry.first_advance;
    const std::uint64_t next = at + entry.advance;
    const bool is_pair = entry.first_advance != entry.advance;
    if (__builtin_expect((next >= kEndOfBlock) & !(is_pair & (first >= 63)), 1)) {
        in.drop(entry.length);
        last = static_cast<std::uint8_t>(is_pair ? first : at);
        return Step::end;
    }
    // Without an end of block the last place must have been met exactly. A second symbol behind it was made
    // of the next block's bits.
    last = 63;
    in.drop(is_pair && first >= 63 ? entry.first_length : entry.length);
    return first == 63 || next == 63 ? Step::end : Step::damage;
}

/// A symbol whose code is longer than the table's lookup. At most 26 bits.
__attribute__((noinline)) Step step_long(BitReader& in, const AcTable& table, BlockState& state,
                                         std::uint8_t& last) {
    const FoundCode found = find_code(table.long_codes, in.bits);
    const unsigned size_bits = found.symbol & 15U;
    if (found.length == 0 || size_bits > kMostAcBits) return Step::damage;
    if (size_bits == 0 && found.symbol != 0x00 && found.symbol != 0xf0) return Step::damage;
    AcEntry symbol{};
    symbol.advance = static_cast<std::uint8_t>(found.symbol == 0 ? kEndOfBlock : (found.symbol >> 4U) + 1);
    symbol.length = static_cast<std::uint8_t>(found.length + size_bits);
    const int value = in.value_before(symbol.length, size_bits);
    state.block[state.places[state.at + symbol.advance]] = static_cast<std::int16_t>(value);
    symbol.first_advance = symbol.advance;
    if (state.at + symbol.advance >= 63) return end_block(in, symbol, state.at, last);
    in.drop(symbol.length);
    state.at += symbol.advance;
    return Step::on;
}

/// Fills a block of zeros. `last` becomes the zigzag place of the last coefficient that was given. False on
/// damage, and on anything that a sound file does not have.
inline bool decode_block(BitReader& in, const BlockPlan& plan, const std::uint16_t* places, int& predictor,
                         std::int16_t* block, std::uint8_t& last) {
    in.refill();
    if (!decode_dc(in, *plan.dc, predictor)) return false;
    if (predictor > plan.most_dc || predictor < -plan.most_dc) return false;
    block[0] = static_cast<std::int16_t>(predictor);

    const AcTable& table = *plan.ac;
    std::uint64_t at = 0;  // The place of the last coefficient.
    // What each lookup waits for is the shift by the one before it: nothing else may lie between. So bits are
    // loaded while a lookup is under way, for two of them. No symbol or entry takes more than 26 bits, so
    // that the second has at least 30, and the next one's codes still more than kAcLookupBits.
    const auto step = [&](PackedAcEntry entry) __attribute__((always_inline)) {
        if (__builtin_expect((entry & 0xff) == 0, 0)) {
            // Of copies: what another function is given the address of cannot stay in registers.
            BitReader slow_in = in;
            BlockState slow_state{block, places, at};
            const Step result = step_long(slow_in, table, slow_state, last);
            at = slow_state.at;
            in = slow_in;
            in.refill();
            return result;
        }
        const std::uint64_t next = at + (entry >> 24 & 0xff);
        // The last one last: where it is the only one, both have the same place.
        block[places[at + (entry >> 16 & 0xff)]] = static_cast<std::int16_t>(entry >> 48);
        const auto size_bits = static_cast<unsigned>(entry >> 32 & 0xff);
        block[places[next]] = static_cast<std::int16_t>(in.value_before(entry, size_bits));
        if (next >= 63) return end_block(in, unpacked(entry), at, last);
        at = next;
        in.bits <<= entry & 63;
        in.count -= static_cast<unsigned>(entry & 0xff);
        return Step::on;
    };
    for (;;) {
        const PackedAcEntry entry = table.entries[in.bits >> (64 - kAcLookupBits)];
        in.refill();
        Step result = step(entry);
        if (result != Step::on) return result == Step::end;
        result = step(table.entries[in.bits >> (64 - kAcLookupBits)]);
        if (result != Step::on) return result == Step::end;
    }
}

bool decode_mcus(EntropyState& state, const BatchPlan& plan, int first, int count, std::int16_t* coefficients,
                 std::uint8_t* last) {
    BitReader in{state.at, state.bits, state.count};
    int predictors[3] = {state.predictors[0], state.predictors[1], state.predictors[2]};
    bool sound = true;
    int mcu = first;
    for (; sound && mcu < first + count && in.at < state.limit; ++mcu) {
        const BlockPlan* block = plan.blocks + std::ptrdiff_t{mcu} * plan.mcu_blocks;
        for (const BlockPlan* end = block + plan.mcu_blocks; block != end && sound; ++block)
            sound = decode_block(in, *block, plan.places, predictors[block->component],
                                 coefficients + block->offset, last[block->last_offset]);
    }
    state.at = in.at;
    state.bits = in.bits;
    state.count = in.count;
    for (int i = 0; i < 3; ++i) state.predictors[i] = predictors[i];
    state.decoded = mcu - first;
    return sound;
}

}  // namespace
}  // namespace findme::image
