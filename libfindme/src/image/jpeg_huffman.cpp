#include "image/jpeg_huffman.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <numeric>

namespace findme::image {
namespace {

struct Code {
    std::uint8_t length = 0;  ///< 0: the bits begin with no code this short.
    std::uint8_t symbol = 0;
};

/// Codes in the order of their lengths, as the standard assigns them.
bool build_long_codes(const HuffmanSpec& spec, LongCodes& codes) {
    std::uint32_t code = 0;
    std::size_t place = 0;
    codes.limit[0] = 0;
    codes.offset[0] = 0;
    for (unsigned length = 1; length <= 16; ++length) {
        codes.offset[length] = static_cast<std::int32_t>(place) - static_cast<std::int32_t>(code);
        code += spec.counts[length];
        place += spec.counts[length];
        // Too many codes, or one of ones alone, which the standard keeps free.
        if (place > 256 || code >= 1U << length) return false;
        codes.limit[length] = code << (16 - length);
        code <<= 1U;
    }
    std::copy(std::begin(spec.symbols), std::end(spec.symbols), std::begin(codes.symbols));
    return true;
}

/// The code that each value of the next `Bits` bits begins with.
template <unsigned Bits>
std::array<Code, 1U << Bits> short_codes(const HuffmanSpec& spec) {
    std::array<Code, 1U << Bits> codes{};
    std::size_t at = 0;
    std::size_t place = 0;
    for (unsigned length = 1; length <= Bits; ++length) {
        for (unsigned i = 0; i < spec.counts[length]; ++i, ++place) {
            const std::size_t end = at + (std::size_t{1} << (Bits - length));
            std::fill(codes.begin() + static_cast<std::ptrdiff_t>(at),
                      codes.begin() + static_cast<std::ptrdiff_t>(end),
                      Code{static_cast<std::uint8_t>(length), spec.symbols[place]});
            at = end;
        }
    }
    return codes;
}

using AcCodes = std::array<Code, 1U << kAcLookupBits>;

bool is_sound(std::uint8_t symbol) {
    const unsigned size_bits = symbol & 15U;
    if (size_bits == 0) return symbol == 0x00 || symbol == 0xf0;
    return size_bits <= kMostAcBits;
}

std::uint8_t advance_of(std::uint8_t symbol) {
    return symbol == 0 ? std::uint8_t{kEndOfBlock} : static_cast<std::uint8_t>((symbol >> 4U) + 1);
}

/// The value in the `size_bits` that follow the `length` upper ones of a lookup.
std::int16_t value_of(unsigned bits, unsigned length, unsigned size_bits) {
    const unsigned raw = (bits >> (kAcLookupBits - length - size_bits)) & ((1U << size_bits) - 1);
    const bool negative = size_bits > 0 && raw < 1U << (size_bits - 1);
    return static_cast<std::int16_t>(static_cast<int>(raw) - (negative ? (1 << size_bits) - 1 : 0));
}

AcEntry entry_of(const AcCodes& codes, unsigned bits) {
    const Code& first = codes[bits];
    if (first.length == 0 || !is_sound(first.symbol)) return {};
    const unsigned size_bits = first.symbol & 15U;
    const unsigned length = first.length + size_bits;
    AcEntry entry{.length = static_cast<std::uint8_t>(length),
                  .first_length = static_cast<std::uint8_t>(length),
                  .first_advance = advance_of(first.symbol),
                  .advance = advance_of(first.symbol),
                  .size_bits = static_cast<std::uint8_t>(size_bits),
                  .first_value = 0};
    if (entry.advance == kEndOfBlock || length >= kAcLookupBits) return entry;
    const Code& second = codes[bits << length & ((1U << kAcLookupBits) - 1)];
    if (second.length == 0 || length + second.length > kAcLookupBits || !is_sound(second.symbol))
        return entry;
    const unsigned second_size_bits = second.symbol & 15U;
    entry.first_value = value_of(bits, first.length, size_bits);
    entry.length = static_cast<std::uint8_t>(length + second.length + second_size_bits);
    entry.advance = static_cast<std::uint8_t>(entry.advance + advance_of(second.symbol));
    entry.size_bits = static_cast<std::uint8_t>(second_size_bits);
    return entry;
}

}  // namespace

bool build_dc_table(const HuffmanSpec& spec, DcTable& table) {
    if (!build_long_codes(spec, table.long_codes)) return false;
    // libjpeg refuses these even where no code of the scan leads to them.
    const unsigned count = std::accumulate(std::begin(spec.counts) + 1, std::end(spec.counts), 0U);
    if (std::any_of(spec.symbols, spec.symbols + count, [](std::uint8_t symbol) { return symbol > 15; }))
        return false;
    const auto codes = short_codes<kDcLookupBits>(spec);
    std::transform(codes.begin(), codes.end(), std::begin(table.entries), [](const Code& code) {
        if (code.length == 0 || code.symbol > kMostDcBits) return DcEntry{};
        return DcEntry{static_cast<std::uint8_t>(code.length + code.symbol), code.symbol};
    });
    return true;
}

bool build_ac_table(const HuffmanSpec& spec, AcTable& table) {
    if (!build_long_codes(spec, table.long_codes)) return false;
    const auto codes = short_codes<kAcLookupBits>(spec);
    for (unsigned bits = 0; bits < 1U << kAcLookupBits; ++bits)
        table.entries[bits] = packed(entry_of(codes, bits));
    return true;
}

}  // namespace findme::image
