#pragma once

#include <utility>
#include <variant>

#include "findme/error.hpp"

namespace findme {

/// A value, or why this one item has none. Readable as a code (`if (!result)`) or as an exception
/// (`value()`).
template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(ErrorInfo error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    /// @errors throws the held ErrorInfo as Error when there is no value.
    [[nodiscard]] T& value() & {
        require_value();
        return std::get<0>(state_);
    }
    [[nodiscard]] const T& value() const& {
        require_value();
        return std::get<0>(state_);
    }
    [[nodiscard]] T&& value() && {
        require_value();
        return std::get<0>(std::move(state_));
    }

    T& operator*() & { return std::get<0>(state_); }
    const T& operator*() const& { return std::get<0>(state_); }
    T&& operator*() && { return std::get<0>(std::move(state_)); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }

    /// Precondition: !ok().
    [[nodiscard]] const ErrorInfo& error() const { return std::get<1>(state_); }

  private:
    void require_value() const {
        if (!ok()) throw Error(std::get<1>(state_));
    }

    std::variant<T, ErrorInfo> state_;
};

}  // namespace findme
