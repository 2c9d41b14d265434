#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace findme::access {

// @source NIST SP 800-63B-4, 3.1.1.2: the least length where the password is the only factor.
inline constexpr std::size_t kMinPasswordCharacters = 15;

/// What speaks against a new password: one clause for each reason, nothing for a good one. Length counts
/// characters; any character will do; what is easily guessed is refused: few different characters, a
/// repetition, fewer than four common words or runs of keys, and what is left of it without the words that
/// stand for its owner.
/// @param context_words  the account's and the event's names and the like.
[[nodiscard]] std::vector<std::string> password_problems(std::string_view password,
                                                         std::span<const std::string> context_words);

/// @errors throws Error{password_refused} with all reasons.
void require_good_password(std::string_view password, std::span<const std::string> context_words);

}  // namespace findme::access
