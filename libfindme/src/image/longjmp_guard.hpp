#pragma once

#include <csetjmp>

namespace findme::image {

/// Runs `work`, which calls a C library whose error handler jumps to `landing`. False when it did.
///
/// A jump runs no destructors, so `work` must create no object that has one: allocate outside, pass pointers
/// in. What `work` changes must live in the caller's frame (captured by reference), never in this one.
template <typename Work>
[[nodiscard]] bool completes(std::jmp_buf& landing, const Work& work) {
    if (setjmp(landing) != 0) return false;
    work();
    return true;
}

}  // namespace findme::image
