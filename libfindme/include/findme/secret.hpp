#pragma once

#include <cstddef>
#include <string_view>

#include "findme/export.hpp"

namespace findme {

/// Bytes that nobody else may read: kept in locked memory, left out of core dumps, wiped when they go. May
/// hold anything, NUL included. Never printed, never copied by accident.
class FINDME_API Secret {
  public:
    Secret() noexcept = default;
    /// Copies `bytes`; wiping the original is the caller's.
    /// @errors throws std::bad_alloc.
    explicit Secret(std::string_view bytes);
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();

    /// Borrowed while the Secret lives.
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_, size_}; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  private:
    char* bytes_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace findme
