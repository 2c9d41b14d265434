#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "findme/export.hpp"
#include "findme/result.hpp"

namespace findme {

/// A database id that cannot be mixed up with another kind of id.
template <typename Tag>
struct Id {
    std::int64_t value = 0;
    friend auto operator<=>(const Id&, const Id&) = default;
};

using EventId = Id<struct EventTag>;
using PhotoId = Id<struct PhotoTag>;
using FaceId = Id<struct FaceTag>;
using AccountId = Id<struct AccountTag>;
using SelfieId = Id<struct SelfieTag>;
using TokenId = Id<struct TokenTag>;

/// Names a model together with everything that shapes its templates (alignment, mirroring). Templates of
/// different models are never compared.
using ModelId = std::string;

/// SHA-256 of a photo's bytes: within an event this is the photo's identity.
using ContentHash = std::array<std::uint8_t, 32>;

/// 64 lower-case hexadecimal digits.
FINDME_API std::string to_hex(const ContentHash& hash);
/// @errors invalid_argument unless `hex` is exactly 64 hexadecimal digits of either case.
FINDME_API Result<ContentHash> content_hash_from_hex(std::string_view hex);

}  // namespace findme
