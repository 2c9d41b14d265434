#include "db/sqlite_database.hpp"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "db/sqlite_connection.hpp"
#include "findme/error.hpp"

namespace findme::db {
namespace {

constexpr mode_t kFileMode = 0600;  // Face templates are for their owner's eyes.
constexpr mode_t kFolderMode = 0700;

[[noreturn]] void refuse_creation(const std::string& path, int error) {
    const bool full = error == ENOSPC || error == EDQUOT;
    const bool denied = error == EACCES || error == EPERM || error == EROFS;
    const ErrorCode code = full     ? ErrorCode::store_full
                           : denied ? ErrorCode::store_read_only
                                    : ErrorCode::store_unreachable;
    throw Error(code,
                "cannot create the database " + base::quoted(path) + ": " +
                    std::generic_category().message(error) +
                    " (choose another place with --database sqlite:PATH)",
                path);
}

void create_folders(const std::filesystem::path& folder, const std::string& database) {
    if (folder.empty() || folder == folder.root_path()) return;
    if (::mkdir(folder.c_str(), kFolderMode) == 0 || errno == EEXIST) return;
    if (errno != ENOENT) refuse_creation(database, errno);
    create_folders(folder.parent_path(), database);
    if (::mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) refuse_creation(database, errno);
}

void create_file(const std::string& path) {
    create_folders(std::filesystem::path(path).parent_path(), path);
    // mknod and not open: closing a descriptor of this file would drop the locks that another thread of this
    // process may hold on it already.
    if (::mknod(path.c_str(), S_IFREG | kFileMode, 0) != 0 && errno != EEXIST) refuse_creation(path, errno);
}

void require_local_file_system(const std::string& path) {
    struct statfs info {};
    // A folder that cannot be asked is no reason to refuse: opening the file says what is wrong with it.
    if (::statfs(path.c_str(), &info) != 0 || !is_network_file_system(info.f_type)) return;
    throw Error(
        ErrorCode::config_invalid,
        "the database " + base::quoted(path) +
            " is on a network file system, where SQLite's locks cannot be trusted: choose a local disk, or "
            "PostgreSQL to share it between machines",
        path);
}

/// Never opened: a pipe would keep us waiting for whoever holds its other end.
[[noreturn]] void refuse_kind(const std::string& path, mode_t mode) {
    const char* kind = S_ISDIR(mode)    ? "a folder: name a file in it"
                       : S_ISFIFO(mode) ? "a named pipe, not a file: choose another path"
                       : S_ISSOCK(mode) ? "a socket, not a file: choose another path, or write postgresql:// "
                                          "for a server"
                                        : "a device, not a file: choose another path";
    throw Error(ErrorCode::config_invalid,
                "cannot open the database " + base::quoted(path) + ": it is " + kind, path);
}

void require_regular_file(const std::string& path, IfMissing if_missing) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            throw Error(ErrorCode::store_unreachable,
                        "cannot open the database " + base::quoted(path) + ": " +
                            std::generic_category().message(errno) + " (check its path and permissions)",
                        path);
        }
        if (if_missing == IfMissing::refuse) {
            throw Error(ErrorCode::not_found,
                        "there is no database " + base::quoted(path) + ": check its path", path);
        }
        create_file(path);
        return;
    }
    if (!S_ISREG(info.st_mode)) refuse_kind(path, info.st_mode);
}

}  // namespace

bool is_network_file_system(long kind) noexcept {
    constexpr std::array<std::uint32_t, 5> kKinds = {
        0x6969,      // NFS_SUPER_MAGIC
        0x517B,      // SMB_SUPER_MAGIC
        0xFF534D42,  // CIFS_SUPER_MAGIC
        0xFE534D42,  // SMB2_SUPER_MAGIC
        0x5346414F,  // AFS_SUPER_MAGIC
    };
    // f_type is signed on some machines: only its low 32 bits mean something.
    return std::find(kKinds.begin(), kKinds.end(), static_cast<std::uint32_t>(kind)) != kKinds.end();
}

SqliteDatabase::SqliteDatabase(const std::string& path, const OpenOptions& options)
    : Database(options.patience),
      // Absolute also because SQLite gives names such as ":memory:" a meaning of their own.
      path_(std::filesystem::absolute(path)) {
    require_regular_file(path_, options.if_missing);
    require_local_file_system(path_);
    // No limit: a connection is a file handle here, and writers queue for the file's lock anyway.
    PoolOptions pool;
    pool.size = std::numeric_limits<std::size_t>::max();
    pool.recycle_after = std::chrono::hours{24 * 365};
    pool_ = std::make_shared<ConnectionPool>(
        [path = path_, patience = options.patience] {
            return std::make_unique<SqliteConnection>(path, patience);
        },
        pool);
}

}  // namespace findme::db
