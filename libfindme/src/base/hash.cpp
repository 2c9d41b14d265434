#include "base/hash.hpp"

#include <openssl/evp.h>
#include <sodium.h>
#include <xxhash.h>

#include <algorithm>

#include "findme/error.hpp"

namespace findme {

std::string to_hex(const ContentHash& hash) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(hash.size() * 2);
    for (const auto byte : hash) {
        hex += kDigits[byte >> 4U];
        hex += kDigits[byte & 15U];
    }
    return hex;
}

Result<ContentHash> content_hash_from_hex(std::string_view hex) {
    ContentHash hash{};
    std::size_t written = 0;
    const bool ok =
        hex.size() == hash.size() * 2 &&
        sodium_hex2bin(hash.data(), hash.size(), hex.data(), hex.size(), nullptr, &written, nullptr) == 0 &&
        written == hash.size();
    if (!ok) {
        return ErrorInfo{ErrorCode::invalid_argument, "a SHA-256 is written as 64 hexadecimal digits",
                         std::string(hex)};
    }
    return hash;
}

}  // namespace findme

namespace findme::base {

ContentHash sha256(std::span<const std::uint8_t> bytes) {
    ContentHash hash{};
    // OpenSSL's uses the processor's own instructions, seven times as fast as libsodium's: model files and
    // photos are long.
    if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw Error(ErrorCode::internal, "SHA-256 cannot be computed: this OpenSSL does not offer it");
    return hash;
}

std::uint64_t checksum(std::span<const std::byte> bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace findme::base
