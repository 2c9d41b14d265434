#pragma once

#include <unistd.h>

#include <utility>

namespace findme::base {

/// Closes what it holds.
class FileDescriptor {
  public:
    explicit FileDescriptor(int number) noexcept : number_(number) {}
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    FileDescriptor(FileDescriptor&& other) noexcept : number_(other.release()) {}
    ~FileDescriptor() { close(); }

    /// False when the call that was to open it failed; errno then says why.
    [[nodiscard]] bool ok() const noexcept { return number_ >= 0; }
    [[nodiscard]] int get() const noexcept { return number_; }
    /// From now on the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
    void close() noexcept {
        if (number_ >= 0) ::close(release());
    }

  private:
    int number_;
};

}  // namespace findme::base
