#pragma once

#include <cstddef>
#include <span>

namespace findme::face {

/// Memory that one run needs; reused from run to run, one thread at a time.
class Workspace {
  public:
    Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace();

    /// 64-byte aligned, at least `bytes` long, contents undefined; stays until the next call.
    [[nodiscard]] std::span<std::byte> at_least(std::size_t bytes);

  private:
    std::byte* data_ = nullptr;
    std::size_t size_bytes_ = 0;
};

}  // namespace findme::face
