#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "findme/result.hpp"

namespace findme::base {

/// What identifies a version of a file without reading it.
struct FileStat {
    std::int64_t size_bytes = 0;
    std::int64_t mtime_ns = 0;
};

/// @param path bytes, as the file system has them.
/// @errors file_unreadable when it is missing or not a regular file.
[[nodiscard]] Result<FileStat> stat_regular_file(const std::string& path);

/// What to do about a photo that is larger than the settings let in, for read_file().
inline constexpr std::string_view kRaiseImageLimit = "raise image.max_file_bytes";

/// The whole of a regular file. Never blocks on a FIFO or device: anything but a regular file is refused.
/// @param advice  what to do about a file that is too large; empty: nothing can be done.
/// @errors file_unreadable; image_too_large when it holds more than `max_bytes`.
[[nodiscard]] Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_bytes,
                                                          std::string_view advice = {});

/// Gives the file `temporary`, in the same folder, the name `path`, which nobody has yet.
/// @return 0, or errno: EEXIST when somebody has the name; then nothing changed.
[[nodiscard]] int give_new_name(const std::string& temporary, const std::string& path);

/// Whether other users of the machine may read a file.
enum class Readable { by_owner, by_all };

/// What becomes of whatever has the name already: refused, it is left alone even when it came a moment ago.
enum class IfThere { replace, refuse };

/// Old file or new file, never half: temporary in the same folder (mode 0600), fsync, rename, fsync of the
/// folder.
/// @errors throws Error{file_unwritable, store_full}, Error{already_exists} when something is there and is to
///         be left alone; the temporary is gone afterwards.
void write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes,
                           Readable readable = Readable::by_owner, IfThere if_there = IfThere::replace);

}  // namespace findme::base
