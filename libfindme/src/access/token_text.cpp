#include "access/token_text.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/hash.hpp"
#include "findme/error.hpp"

namespace findme::access {
namespace {

constexpr std::string_view kPrefix = "fmr_";
constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kBodyLength = 43;  // 62^43 is just above 2^256.
constexpr std::size_t kCheckLength = 6;  // 62^6 is above 2^32.

/// Big-endian bytes as digits to the base 62, the last one first written.
template <std::size_t Size>
std::string base62(std::array<std::uint8_t, Size> number, std::size_t length) {
    std::string text(length, kDigits.front());
    for (std::size_t place = length; place-- > 0;) {
        unsigned remainder = 0;
        for (auto& byte : number) {
            const unsigned value = remainder * 256U + byte;
            byte = static_cast<std::uint8_t>(value / kDigits.size());
            remainder = static_cast<unsigned>(value % kDigits.size());
        }
        text[place] = kDigits[remainder];
    }
    sodium_memzero(number.data(), number.size());
    return text;
}

/// @source ISO 3309, the polynomial 0x04C11DB7 reflected, as zlib and PNG have it.
std::uint32_t crc32(std::string_view text) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : text) {
        crc ^= static_cast<std::uint8_t>(c);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
    return ~crc;
}

std::string check_of(std::string_view body) {
    const std::uint32_t crc = crc32(body);
    const std::array<std::uint8_t, 4> bytes{
        static_cast<std::uint8_t>(crc >> 24U), static_cast<std::uint8_t>(crc >> 16U),
        static_cast<std::uint8_t>(crc >> 8U), static_cast<std::uint8_t>(crc)};
    return base62(bytes, kCheckLength);
}

}  // namespace

Secret generate_token() {
    if (sodium_init() < 0) throw Error(ErrorCode::internal, "the system has no source of random numbers");
    std::array<std::uint8_t, kRandomBytes> random{};
    randombytes_buf(random.data(), random.size());
    std::string body = base62(random, kBodyLength);
    std::string text = std::string(kPrefix) + body + check_of(body);
    Secret token(text);
    for (auto* copy : {&body, &text}) sodium_memzero(copy->data(), copy->size());
    sodium_memzero(random.data(), random.size());
    return token;
}

bool is_well_formed(std::string_view token) {
    if (token.size() != kPrefix.size() + kBodyLength + kCheckLength || !token.starts_with(kPrefix))
        return false;
    const std::string_view body = token.substr(kPrefix.size(), kBodyLength);
    if (body.find_first_not_of(kDigits) != std::string_view::npos) return false;
    return token.substr(kPrefix.size() + kBodyLength) == check_of(body);
}

ContentHash token_hash(std::string_view token) {
    return base::sha256({reinterpret_cast<const std::uint8_t*>(token.data()), token.size()});
}

}  // namespace findme::access
