#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "findme/error.hpp"

namespace findme::ingest {

/// A file met on the walk.
struct ScanItem {
    std::string path;  ///< Absolute, lexically normal; bytes.
    base::FileStat stat;
    std::optional<ErrorInfo> failed;   ///< Cannot be looked at.
    std::optional<ErrorInfo> ignored;  ///< Nothing that findme works on, and why.
};

/// Walks files and folders in the order given; within a folder by name, so that two walks meet files in one
/// order. Named files are always candidates. In folders: hidden entries are passed over in silence; a file is
/// a candidate when its name ends like a picture's or its first bytes are a picture's; links are followed
/// only to regular files within the folder that was named.
class Scanner {
  public:
    using MorePaths = std::function<std::optional<std::string>()>;

    /// @errors throws Error{not_found} when a path does not exist, before anything is walked.
    Scanner(std::vector<std::string> paths, MorePaths more);

    /// The next file, or nothing at the end.
    [[nodiscard]] std::optional<ScanItem> next();

  private:
    struct Folder {
        std::vector<std::filesystem::path> entries;  ///< Sorted backwards: the next one is last.
    };

    std::optional<ScanItem> open_root(const std::string& path);
    std::optional<ScanItem> enter(const std::filesystem::path& folder);
    std::optional<ScanItem> visit(const std::filesystem::path& entry);

    std::vector<std::string> roots_;
    std::size_t next_root_ = 0;
    MorePaths more_;
    std::filesystem::path root_;  ///< Canonical; of the folder being walked.
    std::vector<Folder> open_;
};

/// Whether a walk over a folder would take this entry for a photo: a regular file, not hidden, that is named
/// or begins like a picture.
[[nodiscard]] bool is_photo(const std::filesystem::path& entry);

/// How many files a walk over these paths will meet; fewer when it is asked to stop.
[[nodiscard]] std::int64_t count_files(const std::vector<std::string>& paths,
                                       const std::stop_token& stop = {});

}  // namespace findme::ingest
