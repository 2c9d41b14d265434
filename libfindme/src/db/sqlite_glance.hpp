#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace findme::db {

/// What a file says of itself to whoever only looks.
struct SqliteGlance {
    std::int64_t application_id = 0;
    std::string journal_mode;         ///< As in `wal`, `delete`.
    std::vector<std::string> tables;  ///< Names; SQLite's own left out.
};

/// Looks at an SQLite file without changing it: a connection would switch its journal to the mode findme
/// works with, and the file may be another program's.
/// @errors throws Error{store_*}.
[[nodiscard]] SqliteGlance glance_at_sqlite(const std::string& path);

}  // namespace findme::db
