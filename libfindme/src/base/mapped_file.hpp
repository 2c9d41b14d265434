#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace findme::base {

/// A file's bytes in memory without a copy of them, read-only, for as long as the object lives. For files
/// that findme itself replaces whole and never changes in place.
class MappedFile {
  public:
    /// Nobody but its owner may have written to it, and the owner is this user or root.
    /// @return nothing when there is no such file, it is empty, or somebody else may write to it.
    [[nodiscard]] static std::shared_ptr<const MappedFile> open(const std::string& path);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    /// Begins at a page.
    [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_bytes_}; }

  private:
    MappedFile(const std::byte* data, std::size_t size_bytes) : data_(data), size_bytes_(size_bytes) {}

    const std::byte* data_;
    std::size_t size_bytes_;
};

}  // namespace findme::base
