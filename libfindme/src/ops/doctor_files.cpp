#include "ops/doctor_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include "base/file_descriptor.hpp"
#include "base/text.hpp"
#include "findme/error.hpp"

namespace findme::ops {
namespace {

constexpr mode_t kOthersRead = S_IRGRP | S_IROTH;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr mode_t kAllBits = 07777;
constexpr mode_t kOwnerFile = S_IRUSR | S_IWUSR;
constexpr mode_t kOwnerFolder = S_IRWXU;
/// SQLite writes its log back from four megabytes on.
constexpr std::int64_t kLargeLogBytes = std::int64_t{64} << 20U;
constexpr std::uint64_t kLowDiskBytes = std::uint64_t{1} << 30U;
constexpr std::uint64_t kLowDiskShare = 20;  // One part of so many.

std::optional<struct stat> look_at(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return std::nullopt;
    return info;
}

std::string octal(mode_t mode) {
    std::string digits = "0";
    for (unsigned shift = 9; shift > 0; shift -= 3) {
        digits += static_cast<char>('0' + (mode >> (shift - 3) & 7U));
    }
    return digits;
}

[[noreturn]] void refuse_mode(const std::string& path, const std::string& why) {
    throw Error(ErrorCode::file_unwritable, "cannot change the mode of " + base::quoted(path) + ": " + why,
                path);
}

/// Of the very file that was looked at, and of the user's own only: in a folder that others may write its
/// name may by now be a link to something of great value.
Mend set_mode(const std::string& path, const struct stat& seen, mode_t mode) {
    return [path, seen, mode] {
        // O_PATH: closing any other descriptor of a database would drop the locks that SQLite holds on it.
        const base::FileDescriptor file(::open(path.c_str(), O_PATH | O_CLOEXEC));
        struct stat now {};
        if (!file.ok() || ::fstat(file.get(), &now) != 0)
            refuse_mode(path, std::generic_category().message(errno));
        if (now.st_dev != seen.st_dev || now.st_ino != seen.st_ino || now.st_mode != seen.st_mode)
            refuse_mode(path, "it has been replaced meanwhile");
        if (now.st_uid != ::geteuid()) refuse_mode(path, "it belongs to another user");
        const std::string itself = "/proc/self/fd/" + std::to_string(file.get());
        if (::chmod(itself.c_str(), mode) != 0) refuse_mode(path, std::generic_category().message(errno));
    };
}

bool is_file(ConfigOrigin origin) {
    return origin == ConfigOrigin::system_file || origin == ConfigOrigin::user_file ||
           origin == ConfigOrigin::file;
}

/// `a/b.yaml` of `a/b.yaml:12`.
std::string file_of(const ConfigEntry& entry) {
    return entry.source.substr(0, entry.source.rfind(':'));
}

bool holds_password(const ConfigEntry& entry, const Config& config) {
    return entry.key == "database" && entry.value != config.database_url;
}

void check_password(CheckRun& run, const ConfigEntry& entry) {
    if (entry.origin == ConfigOrigin::flag) {
        run.add(Severity::warning, ErrorCode::config_invalid, "password_in_argument",
                "the database URL on the command line holds a password, which others on this machine can see",
                "put the password into ~/.pgpass, mode 0600, and leave it out of the URL");
    }
    if (!is_file(entry.origin)) return;
    const std::string path = file_of(entry);
    const auto info = look_at(path);
    if (!info || !S_ISREG(info->st_mode) || (info->st_mode & kOthersRead) == 0) return;
    // Whom root gave the file to by its group is to be able to read it still.
    const bool is_for_group = ::geteuid() == 0 && (info->st_mode & S_IROTH) == 0;
    run.add(Severity::error, ErrorCode::secret_exposed, "password_readable",
            "the configuration file " + base::quoted(path) + " holds a password that others can read (mode " +
                octal(info->st_mode) + ")",
            "chmod 600 " + base::quoted(path) + ", or put the password into ~/.pgpass",
            is_for_group ? Mend() : set_mode(path, *info, kOwnerFile));
}

}  // namespace

void check_configuration(CheckRun& run, const LoadedConfig& config, const std::string& password_file) {
    std::set<std::string> files;
    std::int64_t given = 0;
    for (const ConfigEntry& entry : config.entries) {
        given += entry.origin == ConfigOrigin::built_in ? 0 : 1;
        if (is_file(entry.origin)) files.insert(file_of(entry));
        if (holds_password(entry, config.config)) check_password(run, entry);
    }
    std::string from;
    for (const std::string& path : files) {
        from += (from.empty() ? " from " : ", ") + base::quoted(path);
        const auto info = look_at(path);
        if (!info || !S_ISREG(info->st_mode) || (info->st_mode & kOthersWrite) == 0) continue;
        run.add(Severity::warning, ErrorCode::config_invalid, "file_writable",
                "others can change the configuration file " + base::quoted(path) + " (mode " +
                    octal(info->st_mode) + ")",
                "chmod go-w " + base::quoted(path),
                set_mode(path, *info, info->st_mode & kAllBits & ~kOthersWrite));
    }
    run.see(counted(given, "setting") + " other than the default" + from);
    const auto info = password_file.empty() ? std::nullopt : look_at(password_file);
    if (!info || !S_ISREG(info->st_mode) || (info->st_mode & kOthers) == 0) return;
    run.add(Severity::warning, ErrorCode::config_invalid, "password_file_ignored",
            "the password file " + base::quoted(password_file) + " has mode " + octal(info->st_mode) +
                ": PostgreSQL's client takes no password from a file that others may use",
            "chmod 600 " + base::quoted(password_file), set_mode(password_file, *info, kOwnerFile));
}

void check_file_modes(CheckRun& run, const std::string& path, const std::string& own_folder) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
        const std::string file = path + suffix;
        const auto info = look_at(file);
        if (!info || !S_ISREG(info->st_mode) || (info->st_mode & kOthers) == 0) continue;
        run.add(Severity::error, ErrorCode::config_invalid, "file_open",
                "others may use the database's file " + base::quoted(file) + " (mode " +
                    octal(info->st_mode) + "), which holds face templates",
                "chmod 600 " + base::quoted(file), set_mode(file, *info, kOwnerFile));
    }
    const std::string folder = std::filesystem::path(path).parent_path();
    const auto info = look_at(folder);
    if (!info) return;
    const bool is_own = folder == std::filesystem::path(own_folder).lexically_normal();
    const bool lets_replace = (info->st_mode & kOthersWrite) != 0 && (info->st_mode & S_ISVTX) == 0;
    // A folder that somebody chose, as /srv or /tmp, may have to be open; its mode is not findme's to set.
    if (!lets_replace && !(is_own && (info->st_mode & kOthers) != 0)) return;
    run.add(lets_replace ? Severity::error : Severity::warning, ErrorCode::config_invalid, "folder_open",
            "others may " + std::string(lets_replace ? "replace files in" : "look into") +
                " the database's folder " + base::quoted(folder) + " (mode " + octal(info->st_mode) + ")",
            "chmod 700 " + base::quoted(folder), is_own ? set_mode(folder, *info, kOwnerFolder) : Mend());
}

void check_log_size(CheckRun& run, const std::string& path, const std::function<bool()>& write_back) {
    const auto log = look_at(path + "-wal");
    if (!log || log->st_size < kLargeLogBytes) return;
    run.add(Severity::warning, ErrorCode::store_locked, "log_large",
            "the database's log " + base::quoted(path + "-wal") + " has grown to " +
                std::to_string(log->st_size >> 20U) + " MiB: nobody has written it back",
            "end the process that reads the database all the time; `findme doctor --fix` writes the log back",
            [&] {
                if (write_back()) return;
                throw Error(ErrorCode::store_locked, "another process reads the database");
            });
}

DiskSpace disk_space_of(const std::string& folder) {
    std::filesystem::path there = std::filesystem::absolute(folder);
    while (!look_at(there) && there.has_relative_path()) there = there.parent_path();
    struct statvfs info {};
    if (::statvfs(there.c_str(), &info) != 0) {
        throw Error(ErrorCode::file_unreadable,
                    "cannot ask how full the disk of " + base::quoted(folder) +
                        " is: " + std::generic_category().message(errno),
                    folder);
    }
    const bool may_write = ::faccessat(AT_FDCWD, there.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
    return {folder, std::uint64_t{info.f_blocks} * info.f_frsize,
            std::uint64_t{info.f_bavail} * info.f_frsize, may_write && (info.f_flag & ST_RDONLY) == 0};
}

void judge_disk(CheckRun& run, const DiskSpace& disk) {
    if (!disk.writable) {
        run.add(Severity::error, ErrorCode::store_read_only, "read_only",
                "the folder " + base::quoted(disk.folder) + " cannot be written",
                "correct its permissions, or how its disk is mounted");
    }
    const bool is_low =
        disk.available_bytes < kLowDiskBytes || disk.available_bytes < disk.total_bytes / kLowDiskShare;
    if (!is_low) return;
    run.add(Severity::warning, ErrorCode::store_full, "low",
            "the disk of " + base::quoted(disk.folder) + " has " +
                std::to_string(disk.available_bytes >> 20U) + " MiB left of " +
                std::to_string(disk.total_bytes >> 20U),
            "free some space, or move the database to a larger disk");
}

}  // namespace findme::ops
