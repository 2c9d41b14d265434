#pragma once

#include <span>
#include <string>
#include <string_view>

/// How much of a password somebody would guess who tries common words, keys side by side and dates first.
namespace findme::access {

/// What a common word or a name costs to guess; a run of keys, a repetition or a year costs half of it.
inline constexpr std::size_t kWordCost = 2;

/// What the cheapest way costs to put `text` together from words, runs, repetitions, digits and single
/// letters. A few signs between are free; digits and signs count as the letters they look like where that is
/// cheaper.
/// @param text   as base::unaccented() makes it.
/// @param names  words that are common for this one owner, made alike.
[[nodiscard]] std::size_t guessing_cost(std::string_view text, std::span<const std::string> names);

/// `text` without the signs and blanks that stand between, up to three in a row: more are no separator.
[[nodiscard]] std::string without_separators(std::string_view text);

/// `text` with the letters that its digits and signs may stand for: 0 for o, $ for s.
[[nodiscard]] std::string without_disguise(std::string_view text);

}  // namespace findme::access
