#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace findme::cli {

/// The path as it is where that is safe on a terminal, else quoted and escaped.
std::string shown(std::string_view path);

/// A message with control characters escaped: the last gate before a terminal or a log.
std::string one_line(std::string_view message);

/// `1 photo`, `2 photos`.
std::string counted(std::int64_t count, std::string_view noun);

/// `a, b or c`.
std::string either(const std::vector<std::string>& words);

/// Columns as wide as their widest cell, two blanks between, the first row a heading.
void write_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

}  // namespace findme::cli
