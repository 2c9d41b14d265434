#include "db/postgresql_row.hpp"

#include <charconv>
#include <string_view>

#include "findme/error.hpp"

namespace findme::db {
namespace {

// @source src/include/catalog/pg_type.dat of PostgreSQL 15; these numbers never change.
enum Oid : unsigned {
    kBool = 16,
    kBytea = 17,
    kInt8 = 20,
    kInt2 = 21,
    kInt4 = 23,
    kOid = 26,
    kFloat4 = 700,
    kFloat8 = 701,
    kDate = 1082,
    kTimestamp = 1114,
    kTimestamptz = 1184,
    kNumeric = 1700,
};

std::string_view view(const pqxx::field& field) {
    return {field.c_str(), field.size()};
}

template <typename Number>
bool parse(std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

/// `2026-11-22 21:40:00.123456+00`, as a session in UTC prints it -> `2026-11-22T21:40:00.123Z`. Years beyond
/// four digits and infinities stay as they are: whoever reads them as a time refuses them.
std::string iso_time(std::string_view text) {
    constexpr std::size_t kSeconds = 19;
    constexpr std::size_t kMillisecondDigits = 3;
    if (text.size() < kSeconds || text[4] != '-' || text[10] != ' ') return std::string(text);
    std::string iso(text.substr(0, kSeconds));
    iso[10] = 'T';
    std::string_view rest = text.substr(kSeconds);
    std::string fraction;
    if (rest.starts_with('.')) {
        fraction = rest.substr(1, rest.find_first_not_of("0123456789", 1) - 1);
        rest.remove_prefix(1 + fraction.size());
    }
    if (!rest.empty() && rest != "+00") return std::string(text);
    fraction.resize(kMillisecondDigits, '0');
    return iso + "." + fraction + "Z";
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// @param text  `\x` and two digits a byte.
Bytes unhex(std::string_view text) {
    if (!text.starts_with("\\x") || text.size() % 2 != 0)
        throw Error(ErrorCode::internal, "PostgreSQL sent bytes in a form that is not hexadecimal");
    Bytes bytes;
    bytes.reserve(text.size() / 2 - 1);
    for (std::size_t i = 2; i < text.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(hex_digit(text[i]) * 16 + hex_digit(text[i + 1])));
    }
    return bytes;
}

}  // namespace

void PostgresqlRow::move_to(pqxx::result::size_type row) {
    row_ = row;
    for (Bytes& bytes : decoded_) bytes.clear();
}

pqxx::field PostgresqlRow::field(int column) const {
    if (column < 0 || static_cast<std::size_t>(column) >= decoded_.size()) refuse(column, "there");
    return result_[row_][static_cast<pqxx::row::size_type>(column)];
}

unsigned PostgresqlRow::type(int column) const {
    return result_.column_type(static_cast<pqxx::row::size_type>(column));
}

void PostgresqlRow::refuse(int column, const char* wanted) {
    throw Error(ErrorCode::internal, "column " + std::to_string(column) + " of a result is not " + wanted);
}

bool PostgresqlRow::is_null(int column) const {
    return field(column).is_null();
}

std::int64_t PostgresqlRow::integer(int column) const {
    const pqxx::field found = field(column);
    const unsigned kind = type(column);
    if (found.is_null()) refuse(column, "an integer");
    if (kind == kBool) return view(found) == "t" ? 1 : 0;
    std::int64_t value = 0;
    const bool whole = kind == kInt2 || kind == kInt4 || kind == kInt8 || kind == kOid;
    if (!whole || !parse(view(found), value)) refuse(column, "an integer");
    return value;
}

double PostgresqlRow::real(int column) const {
    const pqxx::field found = field(column);
    const unsigned kind = type(column);
    double value = 0;
    const bool real = kind == kFloat4 || kind == kFloat8 || kind == kNumeric;
    if (found.is_null() || !real || !parse(view(found), value)) refuse(column, "a real");
    return value;
}

std::string PostgresqlRow::text(int column) const {
    const pqxx::field found = field(column);
    if (found.is_null()) refuse(column, "a text");
    switch (type(column)) {
        case kBool:
        case kBytea:
        case kInt2:
        case kInt4:
        case kInt8:
        case kOid:
        case kFloat4:
        case kFloat8:
        case kNumeric:
            refuse(column, "a text");
        case kTimestamp:
        case kTimestamptz:
            return iso_time(view(found));
        default:
            return std::string(view(found));
    }
}

std::span<const std::uint8_t> PostgresqlRow::bytes(int column) const {
    const pqxx::field found = field(column);
    if (found.is_null() || type(column) != kBytea) refuse(column, "bytes");
    Bytes& bytes = decoded_[static_cast<std::size_t>(column)];
    if (bytes.empty()) bytes = unhex(view(found));
    return bytes;
}

}  // namespace findme::db
