#pragma once

#include <cstdint>

// Tables that turn the next bits of a JPEG's scan into coefficients. Plain arrays and no inline function of
// the standard library: these are also read by files that are compiled for one kind of processor.

namespace findme::image {

/// A Huffman table as the file gives it. counts[0] is not used.
struct HuffmanSpec {
    std::uint8_t counts[17];    ///< Codes of each length, 1-16 bits.
    std::uint8_t symbols[256];  ///< In the order of their codes.
};

/// What a lookup by a few bits cannot answer: codes of up to 16 bits.
struct LongCodes {
    std::uint32_t limit[17];  ///< Of the next 16 bits: all codes of up to this length are smaller.
    std::int32_t offset[17];  ///< From a code of this length to its symbol's place.
    std::uint8_t symbols[256];
};

constexpr int kDcLookupBits = 9;
constexpr int kAcLookupBits = 11;

/// The difference whose code the next kDcLookupBits begin with; length 0 where it is longer, or none.
struct DcEntry {
    std::uint8_t length;     ///< Bits of code and value, which may reach beyond the lookup.
    std::uint8_t size_bits;  ///< Of the value.
};

/// One or two symbols whose codes the next kAcLookupBits hold: the second costs nothing, and most symbols of
/// a photo are short. The first one's value is here too; the last one's is in the bits that end the entry's
/// length, and may reach beyond the lookup.
///
/// A symbol moves on by its run of zeros and its own coefficient. The end of a block moves on by kEndOfBlock,
/// past any coefficient. Where there is one symbol only, it is the last, and its advance stands in both
/// places.
struct AcEntry {
    std::uint8_t length;         ///< Bits of all symbols, their values included; 0 where no code was found.
    std::uint8_t first_length;   ///< Of the first symbol.
    std::uint8_t first_advance;  ///< Of the first symbol.
    std::uint8_t advance;        ///< Of all symbols.
    std::uint8_t size_bits;      ///< Of the last symbol's value.
    std::int16_t first_value;    ///< Of the first symbol; without meaning where there is one only.
};

/// An AcEntry in one word, its first member lowest: one load, whose lowest bits shift without being cut out
/// first.
using PackedAcEntry = std::uint64_t;

constexpr PackedAcEntry packed(const AcEntry& entry) {
    return std::uint64_t{entry.length} | std::uint64_t{entry.first_length} << 8U |
           std::uint64_t{entry.first_advance} << 16U | std::uint64_t{entry.advance} << 24U |
           std::uint64_t{entry.size_bits} << 32U |
           std::uint64_t{static_cast<std::uint16_t>(entry.first_value)} << 48U;
}
constexpr AcEntry unpacked(PackedAcEntry entry) {
    return {static_cast<std::uint8_t>(entry),        static_cast<std::uint8_t>(entry >> 8U),
            static_cast<std::uint8_t>(entry >> 16U), static_cast<std::uint8_t>(entry >> 24U),
            static_cast<std::uint8_t>(entry >> 32U), static_cast<std::int16_t>(entry >> 48U)};
}

constexpr int kEndOfBlock = 128;

/// What sequential JPEG of 8 bits allows.
constexpr int kMostDcBits = 11;
constexpr int kMostAcBits = 10;

struct DcTable {
    DcEntry entries[1U << kDcLookupBits];
    LongCodes long_codes;
};

struct AcTable {
    PackedAcEntry entries[1U << kAcLookupBits];
    LongCodes long_codes;
};

/// False where the codes contradict each other; the table is then unusable. A symbol that no sound file has
/// is kept as a code that cannot be looked up.
[[nodiscard]] bool build_dc_table(const HuffmanSpec& spec, DcTable& table);
[[nodiscard]] bool build_ac_table(const HuffmanSpec& spec, AcTable& table);

}  // namespace findme::image
