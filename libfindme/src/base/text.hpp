#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "findme/text.hpp"

namespace findme::base {

using findme::did_you_mean;
using findme::is_valid_utf8;
using findme::quoted;

/// ASCII only: other bytes are left as they are.
[[nodiscard]] std::string to_lower_ascii(std::string_view text);

/// Without blanks and control characters at either end.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The number of insertions, deletions and substitutions of bytes between two words.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace findme::base
