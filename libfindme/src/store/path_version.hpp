#pragma once

#include <cstdint>
#include <string>

namespace findme::store {

/// A file on disk, as it was when it was looked at.
struct PathVersion {
    std::string path;  ///< Absolute; bytes.
    std::int64_t size_bytes = 0;
    std::int64_t mtime_ns = 0;
};

}  // namespace findme::store
