#pragma once

#include <memory>
#include <string>

#include "db/connection.hpp"

namespace findme::db {

enum class FileLockKind { alone, shared };

/// A lock on a file of its own beside the database: closing a descriptor of the database's own file would
/// drop the locks that this process holds on it. The file is made at need and goes with the lock.
/// @return null while another holds it in a way that excludes this one. @errors throws Error{store_*} when
/// the file cannot be made.
[[nodiscard]] std::unique_ptr<NamedLock> try_file_lock(const std::string& path, FileLockKind kind);

}  // namespace findme::db
