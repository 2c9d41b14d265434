#include "base/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_descriptor.hpp"

namespace findme::base {
namespace {

bool is_trusted(const struct stat& info) {
    const bool ours = info.st_uid == 0 || info.st_uid == ::geteuid();
    return S_ISREG(info.st_mode) && ours && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.ok()) return nullptr;
    struct stat info {};
    void* data = MAP_FAILED;
    const bool good = ::fstat(file.get(), &info) == 0 && is_trusted(info) && info.st_size > 0;
    // Filled at once: all of it is read, and page by page the kernel would be asked thousands of times.
    if (good) {
        data = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE | MAP_POPULATE,
                      file.get(), 0);
    }
    if (data == MAP_FAILED) return nullptr;
    return std::shared_ptr<const MappedFile>(
        new MappedFile(static_cast<const std::byte*>(data), static_cast<std::size_t>(info.st_size)));
}

MappedFile::~MappedFile() {
    ::munmap(const_cast<std::byte*>(data_), size_bytes_);
}

}  // namespace findme::base
