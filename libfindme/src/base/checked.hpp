#pragma once

#include <concepts>
#include <cstddef>
#include <optional>

namespace findme::base {

/// a * b, or nothing where it does not fit. Sizes that come from files go through these.
template <std::integral T>
[[nodiscard]] std::optional<T> checked_mul(T a, T b) {
    T result{};
    if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
    return result;
}

/// a + b, or nothing where it does not fit.
template <std::integral T>
[[nodiscard]] std::optional<T> checked_add(T a, T b) {
    T result{};
    if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
    return result;
}

}  // namespace findme::base
