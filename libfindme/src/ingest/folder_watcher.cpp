#include "ingest/folder_watcher.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "findme/error.hpp"

namespace findme::ingest {
namespace fs = std::filesystem;
namespace {

/// A file that was closed may be opened again at once: some programs write the picture, then its metadata.
constexpr std::chrono::milliseconds kQuiet{100};
/// A file in a folder that just came may be in the middle of being copied: nobody has said that it is whole.
constexpr std::chrono::milliseconds kQuietWhenMet{1000};
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE_SELF |
                                  IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

[[noreturn]] void throw_gone(const fs::path& folder) {
    throw Error(ErrorCode::not_found,
                "the folder " + base::quoted(folder.native()) + " is gone: give it back, then start again",
                folder.native());
}

[[noreturn]] void throw_system(const std::string& what) {
    std::string why = std::generic_category().message(errno);
    if (errno == ENOSPC) why = "the limit is reached (raise fs.inotify.max_user_watches with sysctl)";
    if (errno == EMFILE) why = "the limit is reached (raise fs.inotify.max_user_instances with sysctl)";
    throw Error(ErrorCode::internal, what + ": " + why);
}

bool is_linked(const fs::path& file) {
    std::error_code error;
    const bool is_file = fs::is_regular_file(fs::symlink_status(file, error));
    return is_file && fs::hard_link_count(file, error) > 1 && !error;
}

bool is_below(const fs::path& folder, const fs::path& path) {
    return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

}  // namespace

FolderWatcher::FolderWatcher(const std::vector<std::string>& folders, base::Monotonic clock)
    : clock_(std::move(clock)),
      inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!inotify_.ok() || !wake_.ok()) throw_system("cannot follow folders");
    for (const std::string& name : folders) {
        std::error_code error;
        if (!fs::is_directory(name, error))
            throw Error(ErrorCode::not_found, base::quoted(name) + " is no folder that can be followed",
                        name);
        // Named as the walk names it, so that a photo has one path however it was found.
        const fs::path absolute = fs::absolute(name, error).lexically_normal();
        const fs::path folder = absolute.has_filename() ? absolute : absolute.parent_path();
        roots_.insert(folder);
        follow(folder, Known::yes);
    }
}

/// Watches before it looks: what comes in between is met twice rather than missed.
void FolderWatcher::follow(const fs::path& folder, Known files_known) {
    // A folder that was named may be a link; below it links are not followed.
    const std::uint32_t links = roots_.contains(folder) ? 0U : IN_DONT_FOLLOW;
    const int watch = inotify_add_watch(inotify_.get(), folder.c_str(), kEvents | links);
    if (watch < 0) {
        // Gone again, or not ours to read, or deeper than a path can name: the walk says so of the latter.
        if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ENAMETOOLONG) return;
        throw_system("cannot follow " + base::quoted(folder.native()));
    }
    folders_[watch] = folder;
    std::error_code error;
    // Gone into afterwards: a deep tree does not hold a descriptor open for each of its floors.
    std::vector<fs::path> below;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (it->path().filename().native().starts_with('.') || it->is_symlink(error)) continue;
        if (it->is_directory(error)) {
            below.push_back(it->path());
        } else if (files_known == Known::no) {
            meet(it->path());
        }
    }
    for (const fs::path& inner : below) follow(inner, files_known);
}

void FolderWatcher::meet(const fs::path& file) {
    const auto stat = base::stat_regular_file(file.native());
    if (stat) unsettled_[file.native()] = {clock_() + kQuietWhenMet, false, *stat};
}

void FolderWatcher::forget_below(const fs::path& folder) {
    for (auto it = folders_.begin(); it != folders_.end();) {
        if (!is_below(folder, it->second)) {
            ++it;
            continue;
        }
        if (roots_.contains(it->second)) throw_gone(it->second);
        inotify_rm_watch(inotify_.get(), it->first);
        it = folders_.erase(it);
    }
}

FolderChanges FolderWatcher::wait(std::chrono::milliseconds patience, const std::stop_token& stop) {
    const std::stop_callback waker(stop, [this] {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    });
    const auto deadline = clock_() + patience;
    FolderChanges changes;
    while (!stop.stop_requested()) {
        std::array<pollfd, 2> sources{{{inotify_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
        const auto pause = until_next_settles(deadline);
        if (::poll(sources.data(), sources.size(), static_cast<int>(pause.count())) < 0 && errno != EINTR)
            throw_system("cannot follow folders");
        read_events(changes);
        // Folders that were made among what was lost are not followed yet.
        if (changes.overflowed) {
            for (const fs::path& root : roots_) follow(root, Known::yes);
        }
        take_settled(changes);
        if (!changes.files.empty() || changes.overflowed || clock_() >= deadline) break;
    }
    return changes;
}

std::chrono::milliseconds FolderWatcher::until_next_settles(Time deadline) const {
    for (const auto& [path, file] : unsettled_) deadline = std::min(deadline, file.until);
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_());
    return std::clamp(pause, std::chrono::milliseconds{0}, std::chrono::milliseconds{60'000});
}

void FolderWatcher::read_events(FolderChanges& changes) {
    alignas(inotify_event) std::array<char, std::size_t{16} * 1024> buffer{};
    for (;;) {
        const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno != EAGAIN) throw_system("cannot follow folders");
        if (got <= 0) return;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            at += sizeof(inotify_event) + event->len;
            if ((event->mask & IN_Q_OVERFLOW) != 0) changes.overflowed = true;
            const auto folder = folders_.find(event->wd);
            if (folder == folders_.end()) continue;
            const fs::path path = folder->second;  // A copy: what is noted may change the table.
            note(path, *event);
        }
    }
}

void FolderWatcher::note(const fs::path& folder, const inotify_event& event) {
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) != 0) {
        if (roots_.contains(folder)) throw_gone(folder);
        if ((event.mask & IN_IGNORED) != 0) folders_.erase(event.wd);
        return;
    }
    if (event.len == 0 || event.name[0] == '.') return;
    const fs::path path = folder / static_cast<const char*>(event.name);
    if ((event.mask & IN_ISDIR) != 0) {
        if ((event.mask & IN_MOVED_FROM) != 0) forget_below(path);
        if ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0) follow(path, Known::no);
    } else if ((event.mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) {
        unsettled_[path.native()] = {clock_() + kQuiet, true, {}};
    } else if ((event.mask & IN_CREATE) != 0 && is_linked(path)) {
        // Made by link(2), which opens nothing and closes nothing.
        meet(path);
    }
}

void FolderWatcher::take_settled(FolderChanges& changes) {
    const auto now = clock_();
    for (auto it = unsettled_.begin(); it != unsettled_.end();) {
        auto& [path, file] = *it;
        if (file.until <= now && !file.closed) {
            const auto stat = base::stat_regular_file(path);
            if (stat && (stat->size_bytes != file.stat.size_bytes || stat->mtime_ns != file.stat.mtime_ns))
                file = {now + kQuietWhenMet, false, *stat};
        }
        if (file.until > now) {
            ++it;
            continue;
        }
        changes.files.push_back(path);
        it = unsettled_.erase(it);
    }
}

}  // namespace findme::ingest
