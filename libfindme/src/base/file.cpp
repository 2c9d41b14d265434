#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/checked.hpp"
#include "base/file_descriptor.hpp"
#include "base/text.hpp"

namespace findme::base {
namespace {

std::string reason(int error) {
    return std::generic_category().message(error);
}

ErrorInfo unreadable(const std::string& path, const std::string& why) {
    return {ErrorCode::file_unreadable, "cannot read " + quoted(path) + ": " + why, path};
}

FileStat to_file_stat(const struct stat& info) {
    constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
    // 64 bits of nanoseconds end in the year 2262; file systems do not. Past it the seconds tell two versions
    // apart.
    const auto whole = checked_mul<std::int64_t>(info.st_mtim.tv_sec, kNanosecondsPerSecond);
    const auto exact = whole ? checked_add<std::int64_t>(*whole, info.st_mtim.tv_nsec) : std::nullopt;
    return {info.st_size, exact.value_or(info.st_mtim.tv_sec)};
}

}  // namespace

Result<FileStat> stat_regular_file(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return unreadable(path, reason(errno));
    if (!S_ISREG(info.st_mode)) return unreadable(path, "it is not a regular file");
    return to_file_stat(info);
}

Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_bytes,
                                            std::string_view advice) {
    // O_NONBLOCK: opening a FIFO without a writer must not hang the run.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.ok()) return unreadable(path, reason(errno));
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return unreadable(path, reason(errno));
    if (!S_ISREG(info.st_mode)) return unreadable(path, "it is not a regular file");
    if (static_cast<std::uint64_t>(info.st_size) > max_bytes) {
        return ErrorInfo{ErrorCode::image_too_large,
                         quoted(path) + " holds " + std::to_string(info.st_size) + " bytes, the limit is " +
                             std::to_string(max_bytes) +
                             (advice.empty() ? std::string() : " (" + std::string(advice) + ")"),
                         path};
    }
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(info.st_size));
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return unreadable(path, reason(errno));
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);  // The file shrank while it was read: what is there is judged by its decoder.
    return bytes;
}

int give_new_name(const std::string& temporary, const std::string& path) {
    if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    // NFS and a few more know no such rename; a second name is refused as well where one is there.
    if (::link(temporary.c_str(), path.c_str()) == 0) {
        ::unlink(temporary.c_str());
        return 0;
    }
    if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP) return errno;
    // Nor a second name: the name is taken by an empty file, which is ours to replace.
    constexpr mode_t kOwner = 0600;
    if (!FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwner)).ok())
        return errno;
    if (::rename(temporary.c_str(), path.c_str()) == 0) return 0;
    const int error = errno;
    ::unlink(path.c_str());
    return error;
}

namespace {

int name_over(const std::string& temporary, const std::string& path) {
    return ::rename(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
}

}  // namespace

void write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes, Readable readable,
                           IfThere if_there) {
    std::string temporary = path + ".XXXXXX";
    FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    const auto fail = [&](int error) {
        file.close();
        ::unlink(temporary.c_str());
        const auto code = error == ENOSPC || error == EDQUOT ? ErrorCode::store_full
                          : error == EEXIST                  ? ErrorCode::already_exists
                                                             : ErrorCode::file_unwritable;
        throw Error(code, "cannot write " + quoted(path) + ": " + reason(error), path);
    };
    if (!file.ok()) {
        throw Error(ErrorCode::file_unwritable, "cannot write " + quoted(path) + ": " + reason(errno), path);
    }
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t put = ::write(file.get(), bytes.data() + done, bytes.size() - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail(errno);
        done += static_cast<std::size_t>(put);
    }
    constexpr mode_t kAllRead = 0644;
    if (readable == Readable::by_all && ::fchmod(file.get(), kAllRead) != 0) fail(errno);
    if (::fsync(file.get()) != 0) fail(errno);  // Never retried: after a failed fsync the pages may be gone.
    file.close();
    const int unnamed =
        if_there == IfThere::refuse ? give_new_name(temporary, path) : name_over(temporary, path);
    if (unnamed != 0) fail(unnamed);

    const auto slash = path.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.ok() || ::fsync(directory.get()) != 0) {
        throw Error(ErrorCode::file_unwritable, "cannot make " + quoted(path) + " durable: " + reason(errno),
                    path);
    }
}

}  // namespace findme::base
