#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "db/connection.hpp"
#include "findme/clock.hpp"
#include "findme/face.hpp"
#include "findme/ids.hpp"

/// How values of the domain are kept in columns: times as ISO-8601 UTC text, paths and hashes as bytes,
/// floats as little-endian float32. Reading throws Error{store_corrupt} for what findme cannot have written.
namespace findme::store {

[[nodiscard]] db::Value time_value(const std::optional<Timestamp>& time);
[[nodiscard]] std::optional<Timestamp> read_time(const db::Row& row, int column);

[[nodiscard]] db::Bytes to_bytes(std::string_view path);
[[nodiscard]] std::string read_path(const db::Row& row, int column);

[[nodiscard]] db::Bytes to_bytes(const ContentHash& hash);
[[nodiscard]] ContentHash read_hash(const db::Row& row, int column);

[[nodiscard]] db::Bytes to_bytes(std::span<const float> floats);
/// As many numbers as there are, at least one, scaled to unit length: earlier releases kept templates as
/// dlib's network gives them.
[[nodiscard]] Template read_template(const db::Row& row, int column);
/// Fills `floats` to its size, no more and no less.
void read_floats(const db::Row& row, int column, std::span<float> floats);

/// NULL reads as empty.
[[nodiscard]] std::string read_text_or_empty(const db::Row& row, int column);
/// NULL reads as 0.
[[nodiscard]] std::int64_t read_integer_or_zero(const db::Row& row, int column);

}  // namespace findme::store
