#pragma once

#include <cstddef>
#include <vector>

namespace findme::face {

/// One tensor's life within a run: written at step `born`, read last at step `dies`.
struct BufferLife {
    std::size_t bytes = 0;
    std::size_t born = 0;
    std::size_t dies = 0;
};

/// Where each tensor lies in one arena.
struct BufferPlan {
    std::vector<std::size_t> offset_bytes;
    std::size_t total_bytes = 0;
};

/// Gives every tensor a place of whole cache lines; those of tensors that nobody reads any more are used
/// again.
/// @source  Pisarchyk and Lee, arXiv:2001.03288, greedy by size.
[[nodiscard]] BufferPlan plan_buffers(const std::vector<BufferLife>& lives);

/// Rounded up to whole cache lines, which is also what vector instructions want.
inline constexpr std::size_t kBufferAlignment = 64;
[[nodiscard]] constexpr std::size_t whole_lines(std::size_t bytes) {
    return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

}  // namespace findme::face
