#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// What people type, compared as they mean it.
namespace findme::base {

/// Normalisation form C: a letter with its accent is one character, however it was typed. NUL is kept.
/// @return nothing when `text` is not UTF-8.
[[nodiscard]] std::optional<std::string> nfc(std::string_view text);

/// For comparing without regard to case, in any script. Text that is not UTF-8 comes back as it is.
[[nodiscard]] std::string case_folded(std::string_view text);

/// Case-folded and without accents, for finding words whichever way they are written.
[[nodiscard]] std::string unaccented(std::string_view text);

/// Characters of well-formed UTF-8; of anything else, bytes.
[[nodiscard]] std::size_t code_points(std::string_view text);

/// Whether `text` holds characters that move the cursor, turn the writing direction round or are not seen at
/// all. Precondition: UTF-8.
[[nodiscard]] bool has_control_or_format(std::string_view text);

}  // namespace findme::base
