#include "db/named_file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/text.hpp"
#include "findme/error.hpp"

namespace findme::db {
namespace {

class FileLock final : public NamedLock {
  public:
    FileLock(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock() override {
        // While it is held by nobody else: whoever waits notices that its file is no longer the one.
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) ::unlink(path_.c_str());
        ::close(descriptor_);
    }

  private:
    int descriptor_;
    std::string path_;
};

[[noreturn]] void refuse(const std::string& path, int error) {
    const bool denied = error == EACCES || error == EPERM || error == EROFS;
    throw Error(denied ? ErrorCode::store_read_only : ErrorCode::store_unreachable,
                "cannot make the lock file " + base::quoted(path) + ": " +
                    std::generic_category().message(error) + " (check the permissions of its folder)",
                path);
}

/// Whether the path still leads to the file that was opened.
bool is_current(int descriptor, const std::string& path) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

std::unique_ptr<NamedLock> try_file_lock(const std::string& path, FileLockKind kind) {
    const int operation = kind == FileLockKind::alone ? LOCK_EX : LOCK_SH;
    for (;;) {
        const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (descriptor < 0) refuse(path, errno);
        if (::flock(descriptor, operation | LOCK_NB) != 0) {
            ::close(descriptor);
            return nullptr;
        }
        if (is_current(descriptor, path)) return std::make_unique<FileLock>(descriptor, path);
        // Its last holder has unlinked it between our open and our lock.
        ::close(descriptor);
    }
}

}  // namespace findme::db
