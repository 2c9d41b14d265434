#include "db/sqlite_database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "base/text.hpp"
#include "db/sqlite_connection.hpp"
#include "findme/error.hpp"

namespace findme::db {
namespace {

void require_folder(const std::filesystem::path& folder, const std::string& database) {
    struct stat info {};
    if (folder.empty() || ::stat(folder.c_str(), &info) == 0 || (errno != ENOENT && errno != ENOTDIR)) return;
    throw Error(ErrorCode::config_invalid,
                "cannot create the database " + base::quoted(database) + ": there is no folder " +
                    base::quoted(folder.string()) + " (make it first, or correct the path)",
                database);
}

/// SQLite's own files beside a database.
constexpr std::array kCompanions{"-wal", "-shm", "-journal"};

bool is_there(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

/// A log that is left of an earlier database would be taken for the new one's, and bring its rows back: what
/// was erased, too.
void require_no_leftovers(const std::string& path) {
    for (const char* suffix : kCompanions) {
        const std::string leftover = path + suffix;
        // In this order: of a database that another process has made meanwhile, it is no leftover.
        if (!is_there(leftover) || is_there(path)) continue;
        throw Error(ErrorCode::store_corrupt,
                    "the database " + base::quoted(path) + " is gone, but its " + base::quoted(leftover) +
                        " is there: restore the database, or remove what is left of it to begin anew (-wal, "
                        "-shm and -journal)",
                    path);
    }
}

/// Complete but for its tables before it has its name, so that nobody ever meets a file of 0 bytes that is
/// findme's. It is not opened under that name: closing a descriptor of it would drop the locks that another
/// thread of this process may hold on it already.
void create_file(const std::string& path, std::chrono::milliseconds patience) {
    require_no_leftovers(path);
    std::string made = path + ".new-XXXXXX";
    // For its owner's eyes: so is what mkostemp makes.
    if (!base::FileDescriptor(::mkostemp(made.data(), O_CLOEXEC)).ok())
        refuse_creation("the database " + base::quoted(path), path, errno);
    try {
        // The switch to the write-ahead log is what makes a database of it.
        const SqliteConnection connection(made, patience);
    } catch (...) {
        ::unlink(made.c_str());
        for (const char* suffix : kCompanions) ::unlink((made + suffix).c_str());
        throw;
    }
    const int error = base::give_new_name(made, path);
    if (error == 0) return;
    ::unlink(made.c_str());
    if (error != EEXIST) refuse_creation("the database " + base::quoted(path), path, error);
}

/// @param at  the file, or the folder that it is to be in.
void require_local_file_system(const std::string& at, const std::string& path) {
    struct statfs info {};
    // A folder that cannot be asked is no reason to refuse: opening the file says what is wrong with it.
    if (::statfs(at.c_str(), &info) != 0 || !is_network_file_system(info.f_type)) return;
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

[[noreturn]] void refuse_empty(const std::string& path) {
    throw Error(ErrorCode::store_corrupt,
                "the database " + base::quoted(path) +
                    " is a file of 0 bytes, as a restore that failed leaves it: restore it again, or remove "
                    "it and its -wal, -shm and -journal to begin anew",
                path);
}

/// @return whether there is one.
bool has_regular_file(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return false;
        throw Error(ErrorCode::store_unreachable,
                    "cannot open the database " + base::quoted(path) + ": " +
                        std::generic_category().message(errno) + " (check its path and permissions)",
                    path);
    }
    if (!S_ISREG(info.st_mode)) refuse_kind(path, info.st_mode);
    if (info.st_size == 0) refuse_empty(path);
    return true;
}

/// @return `path`, where a database is now.
std::string found_or_made(const std::string& path, const OpenOptions& options) {
    if (!has_regular_file(path)) {
        if (options.if_missing == IfMissing::refuse)
            throw Error(ErrorCode::not_found,
                        "there is no database " + base::quoted(path) +
                            " yet: `findme event create` or `findme migrate` makes it",
                        path);
        const std::string folder = std::filesystem::path(path).parent_path();
        require_folder(folder, path);
        require_local_file_system(folder, path);
        create_file(path, options.patience);
    }
    require_local_file_system(path, path);
    return path;
}

}  // namespace

void refuse_creation(const std::string& what, const std::string& path, int error) {
    const bool full = error == ENOSPC || error == EDQUOT;
    const bool denied = error == EACCES || error == EPERM || error == EROFS;
    const ErrorCode code = full     ? ErrorCode::store_full
                           : denied ? ErrorCode::store_read_only
                                    : ErrorCode::store_unreachable;
    throw Error(code,
                "cannot create " + what + ": " + std::generic_category().message(error) +
                    " (choose another place with --database sqlite:PATH)",
                path);
}

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
    // Absolute also because SQLite gives names such as ":memory:" a meaning of their own.
    : SqliteDatabase(std::filesystem::absolute(path), found_or_made(std::filesystem::absolute(path), options),
                     options.patience) {}

SqliteDatabase::SqliteDatabase(std::string path, const std::string& opened,
                               std::chrono::milliseconds patience)
    : Database(patience), path_(std::move(path)) {
    // No limit: a connection is a file handle here, and writers queue for the file's lock anyway.
    PoolOptions pool;
    pool.size = std::numeric_limits<std::size_t>::max();
    pool.recycle_after = std::chrono::hours{24 * 365};
    pool_ = std::make_shared<ConnectionPool>(
        [opened, patience] { return std::make_unique<SqliteConnection>(opened, patience); }, pool);
}

std::unique_ptr<Database> SqliteDatabase::stand_in(const std::string& path) {
    return std::unique_ptr<Database>(
        new SqliteDatabase(path, std::string(":memory:"), OpenOptions{}.patience));
}

}  // namespace findme::db
