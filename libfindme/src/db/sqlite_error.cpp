#include "db/sqlite_error.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/text.hpp"

namespace findme::db {
namespace {

bool is_out_of_space(int system_error) {
    return system_error == ENOSPC || system_error == EDQUOT;
}

std::string reason(const SqliteFailure& failure) {
    if (failure.system_error != 0) return std::generic_category().message(failure.system_error);
    return "SQLite says " + base::quoted(failure.says);
}

/// `events.event_code` of "UNIQUE constraint failed: events.event_code", `x` of "... failed: index 'x'".
std::string constraint_subject(std::string_view says) {
    const auto colon = says.find(": ");
    if (colon == std::string_view::npos) return {};
    std::string_view subject = says.substr(colon + 2);
    constexpr std::string_view kIndex = "index '";
    if (subject.starts_with(kIndex) && subject.ends_with('\'')) {
        subject.remove_prefix(kIndex.size());
        subject.remove_suffix(1);
    }
    return std::string(subject);
}

ErrorInfo full(const std::string& database) {
    return {ErrorCode::store_full,
            "no space left for the " + database + ": free some on its disk and repeat"};
}

ErrorInfo read_only(const std::string& database, const SqliteFailure& failure) {
    const std::string verb = (failure.code & 0xFF) == SQLITE_CANTOPEN ? "open" : "write";
    if (!failure.folder_writable) {
        return {
            ErrorCode::store_read_only,
            "cannot " + verb + " the " + database +
                ": its folder is read-only, and SQLite keeps its -wal and -shm files there (make the folder "
                "writable, or copy the database to one that is)"};
    }
    return {ErrorCode::store_read_only,
            "cannot " + verb + " the " + database + ": the file is read-only (check its permissions)"};
}

ErrorInfo unreachable(const std::string& database, const SqliteFailure& failure) {
    return {ErrorCode::store_unreachable, "cannot open or read the " + database + ": " + reason(failure) +
                                              " (check its path, permissions and disk)"};
}

ErrorInfo describe(const SqliteFailure& failure, const std::string& database) {
    switch (failure.code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
            return {ErrorCode::store_locked,
                    "the " + database + " is in use by another process: try again later",
                    {},
                    Retry::later};
        case SQLITE_READONLY:
            if (failure.code == SQLITE_READONLY_DBMOVED) {
                return {ErrorCode::store_unreachable,
                        "the " + database + " was moved or deleted while in use: start again"};
            }
            return read_only(database, failure);
        case SQLITE_FULL:
            return full(database);
        case SQLITE_CORRUPT:
            return {ErrorCode::store_corrupt,
                    "the " + database + " is damaged (" + reason(failure) + "): restore it from a backup"};
        case SQLITE_NOTADB:
            return {ErrorCode::store_corrupt,
                    "the " + database + " is not a SQLite database: check its path"};
        case SQLITE_CANTOPEN:
            return failure.folder_writable ? unreachable(database, failure) : read_only(database, failure);
        case SQLITE_IOERR:
            return is_out_of_space(failure.system_error) ? full(database) : unreachable(database, failure);
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return unreachable(database, failure);
        case SQLITE_CONSTRAINT:
            return {ErrorCode::constraint,
                    "a rule of the " + database + " refused a row: " + base::quoted(failure.says),
                    constraint_subject(failure.says)};
        default:
            return {ErrorCode::internal, "the " + database + " refused a statement: SQLite says " +
                                             base::quoted(failure.says) +
                                             " (a bug in findme; please report it)"};
    }
}

}  // namespace

ErrorInfo to_error_info(const SqliteFailure& failure, const std::string& path) {
    ErrorInfo info = describe(failure, "database " + base::quoted(path));
    if (info.code != ErrorCode::constraint) info.subject = path;
    return info;
}

void throw_sqlite_error(sqlite3* handle, int code, const std::string& path) {
    SqliteFailure failure{.code = code, .says = sqlite3_errstr(code)};
    if (handle != nullptr && (sqlite3_errcode(handle) & 0xFF) == (code & 0xFF)) {
        failure.code = sqlite3_extended_errcode(handle);
        failure.says = sqlite3_errmsg(handle);
        // Only an I/O failure sets it; otherwise it is left over from something that went well in the end.
        const int primary = failure.code & 0xFF;
        if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)
            failure.system_error = sqlite3_system_errno(handle);
    }
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    failure.folder_writable = ::faccessat(AT_FDCWD, folder.c_str(), W_OK, AT_EACCESS) == 0;
    throw Error(to_error_info(failure, path));
}

}  // namespace findme::db
