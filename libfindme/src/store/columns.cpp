#include "store/columns.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/text.hpp"
#include "findme/error.hpp"

namespace findme::store {
namespace {

static_assert(std::endian::native == std::endian::little,
              "floats are stored as they lie in memory: swap them here");

[[noreturn]] void throw_corrupt(const std::string& what) {
    throw Error(ErrorCode::store_corrupt, "the database is damaged: " + what + " (restore it from a backup)");
}

}  // namespace

db::Value time_value(const std::optional<Timestamp>& time) {
    if (!time) return {};
    return to_iso8601(*time);
}

std::optional<Timestamp> read_time(const db::Row& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    const std::string text = row.text(column);
    const auto time = timestamp_from_iso8601(text);
    if (!time) throw_corrupt(base::quoted(text) + " is not a time");
    return *time;
}

db::Bytes to_bytes(std::string_view path) {
    return {path.begin(), path.end()};
}

std::string read_path(const db::Row& row, int column) {
    const auto bytes = row.bytes(column);
    return {bytes.begin(), bytes.end()};
}

db::Bytes to_bytes(const ContentHash& hash) {
    return {hash.begin(), hash.end()};
}

ContentHash read_hash(const db::Row& row, int column) {
    const auto bytes = row.bytes(column);
    ContentHash hash{};
    if (bytes.size() != hash.size())
        throw_corrupt("a content hash has " + std::to_string(bytes.size()) + " bytes");
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    return hash;
}

db::Bytes to_bytes(std::span<const float> floats) {
    const auto bytes = std::as_bytes(floats);
    const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return {first, first + bytes.size()};
}

Template read_template(const db::Row& row, int column) {
    const auto bytes = row.bytes(column);
    if (bytes.empty() || bytes.size() % sizeof(float) != 0)
        throw_corrupt("a template has " + std::to_string(bytes.size()) +
                      " bytes, which are no whole numbers");
    Template face_template(bytes.size() / sizeof(float));
    std::memcpy(face_template.data(), bytes.data(), bytes.size());
    double squares = 0;
    for (const float value : face_template) squares += static_cast<double>(value) * value;
    if (squares == 0) return face_template;
    const double factor = 1 / std::sqrt(squares);
    for (float& value : face_template) value = static_cast<float>(value * factor);
    return face_template;
}

void read_floats(const db::Row& row, int column, std::span<float> floats) {
    const auto bytes = row.bytes(column);
    if (bytes.size() != floats.size_bytes()) {
        throw_corrupt("a face has " + std::to_string(bytes.size()) + " bytes of numbers instead of " +
                      std::to_string(floats.size_bytes()));
    }
    std::memcpy(floats.data(), bytes.data(), bytes.size());
}

std::string read_text_or_empty(const db::Row& row, int column) {
    return row.is_null(column) ? std::string() : row.text(column);
}

std::int64_t read_integer_or_zero(const db::Row& row, int column) {
    return row.is_null(column) ? 0 : row.integer(column);
}

}  // namespace findme::store
