#pragma once

#include <chrono>
#include <functional>

namespace findme::base {

/// Where those who measure how long something lasts read the time; tests bring a clock that goes when they
/// say so.
/// @threads safe, wherever its reader has several.
using Monotonic = std::function<std::chrono::steady_clock::time_point()>;

/// The machine's own.
[[nodiscard]] inline Monotonic monotonic() {
    return [] { return std::chrono::steady_clock::now(); };
}

}  // namespace findme::base
