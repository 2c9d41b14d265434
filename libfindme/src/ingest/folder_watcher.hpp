#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "base/monotonic.hpp"

struct inotify_event;

namespace findme::ingest {

/// What happened below the folders since the last look.
struct FolderChanges {
    std::vector<std::string> files;  ///< Closed after writing, moved or linked here, and left alone since.
                                     ///< Sorted.
    bool overflowed = false;         ///< More happened than the kernel keeps: only a walk finds it all.
};

/// Follows folders and what is below them by inotify, as the walk sees them: hidden entries and links are
/// passed over. What other machines write to a network file system is not seen; a walk now and then finds it.
/// One thread at a time.
class FolderWatcher {
  public:
    /// @errors throws Error{not_found} when a path is no folder, Error{internal} when the kernel has no
    /// watches left.
    explicit FolderWatcher(const std::vector<std::string>& folders,
                           base::Monotonic clock = base::monotonic());
    FolderWatcher(const FolderWatcher&) = delete;
    FolderWatcher& operator=(const FolderWatcher&) = delete;

    /// @param  patience  by the watcher's clock; 0 takes what has come and settled by now.
    /// @return as soon as there is something; nothing after `patience`, or when asked to stop.
    /// @errors throws Error{not_found} when one of the folders itself is gone.
    [[nodiscard]] FolderChanges wait(std::chrono::milliseconds patience, const std::stop_token& stop);

  private:
    using Time = std::chrono::steady_clock::time_point;
    enum class Known { no, yes };
    /// A file that may still be written to.
    struct Unsettled {
        Time until;           ///< When it was left alone for long enough.
        bool closed = false;  ///< By whoever wrote it; else it was met by looking.
        base::FileStat stat;  ///< When it was met.
    };

    void follow(const std::filesystem::path& folder, Known files_known);
    void forget_below(const std::filesystem::path& folder);
    void read_events(FolderChanges& changes);
    void note(const std::filesystem::path& folder, const ::inotify_event& event);
    void meet(const std::filesystem::path& file);
    [[nodiscard]] std::chrono::milliseconds until_next_settles(Time deadline) const;
    void take_settled(FolderChanges& changes);

    base::Monotonic clock_;
    base::FileDescriptor inotify_;
    base::FileDescriptor wake_;  ///< An eventfd that a request to stop writes to.
    std::set<std::filesystem::path> roots_;
    std::map<int, std::filesystem::path> folders_;
    std::map<std::string, Unsettled> unsettled_;
};

}  // namespace findme::ingest
