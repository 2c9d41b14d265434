#pragma once

#include <string>
#include <string_view>

#include "findme/error.hpp"

struct sqlite3;

namespace findme::db {

/// What is known when SQLite refuses something.
struct SqliteFailure {
    int code = 0;                 ///< Extended result code.
    int system_error = 0;         ///< errno below an I/O failure; 0 when there is none.
    std::string_view says = {};   ///< SQLite's own message.
    bool folder_writable = true;  ///< Whether the folder of the database takes new files.
};

/// The failure in findme's vocabulary, as one sentence about the database file at `path`.
[[nodiscard]] ErrorInfo to_error_info(const SqliteFailure& failure, const std::string& path);

/// Throws the failure that `handle` remembers.
/// @param handle  may be null: then `code` is all there is.
[[noreturn]] void throw_sqlite_error(sqlite3* handle, int code, const std::string& path);

}  // namespace findme::db
