#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "findme/error.hpp"

/// Comma-separated values as RFC 4180 has them. Lines end with LF or CRLF, a byte-order mark is taken off,
/// fields may be quoted and then hold commas, quotes and line ends.
namespace findme::cli {

struct CsvRow {
    std::int64_t line = 0;  ///< On which it begins, from 1.
    std::vector<std::string> fields;
};

struct CsvDocument {
    std::vector<CsvRow> rows;         ///< Empty lines are left out.
    std::vector<ErrorInfo> problems;  ///< Rows that cannot be read; the subject is the line.
};

[[nodiscard]] CsvDocument parse_csv(std::string_view text);

/// Quoted where it has to be.
[[nodiscard]] std::string csv_field(std::string_view value);
/// One row with its CRLF.
[[nodiscard]] std::string csv_row(const std::vector<std::string>& fields);

}  // namespace findme::cli
