#pragma once

#include <string_view>

namespace findme::access {

/// common_words.txt, embedded: words and names that passwords are commonly made of, one a line, lower case.
[[nodiscard]] std::string_view common_words_txt();

}  // namespace findme::access
