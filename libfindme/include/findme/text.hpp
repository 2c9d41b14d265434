#pragma once

#include <span>
#include <string>
#include <string_view>

#include "findme/export.hpp"

namespace findme {

/// `"a\x1bb.jpg"`: quoted, control characters and invalid UTF-8 escaped, so that no file name can drive a
/// terminal or forge a log line.
[[nodiscard]] FINDME_API std::string quoted(std::string_view bytes);

/// True when `bytes` is well-formed UTF-8 (no surrogates, no overlong forms).
[[nodiscard]] FINDME_API bool is_valid_utf8(std::string_view bytes);

/// ` (did you mean "x" or "y"?)` from the candidates at most two edits away, nearest first; empty where none
/// is near.
[[nodiscard]] FINDME_API std::string did_you_mean(std::string_view word,
                                                  std::span<const std::string> candidates);

}  // namespace findme
