#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace findme::cli {

/// What the value of an option may be. The text of a refusal follows `it must be`; it never holds the value,
/// which may be a secret. See usage.hpp, which makes sentences of them.

/// Decimal digits, and nothing else.
[[nodiscard]] CLI::Validator whole_number(std::int64_t least,
                                          std::int64_t most = std::numeric_limits<std::int64_t>::max());
/// The same, for what is kept in an int.
[[nodiscard]] CLI::Validator small_whole_number(int least);
[[nodiscard]] CLI::Validator number(double least, double most);
/// Completions offer the words.
[[nodiscard]] CLI::Validator one_of(const std::vector<std::string>& words);
/// `YYYY-MM-DD`, of a day that there is.
[[nodiscard]] CLI::Validator day();
/// Whatever `is_good` says yes to. @param wanted  as in `KEY=VALUE, as in index.jobs=2`.
[[nodiscard]] CLI::Validator text_that(std::function<bool(const std::string&)> is_good, std::string wanted);

}  // namespace findme::cli
