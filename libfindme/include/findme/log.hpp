#pragma once

#include <span>
#include <string>
#include <string_view>

#include "findme/export.hpp"

namespace findme {

enum class LogLevel { debug, info, warning, error };
/// `debug`, `info`, `warning`, `error`.
FINDME_API std::string_view to_string(LogLevel level) noexcept;

struct LogField {
    std::string_view key;
    std::string value;  ///< Ids, codes and counts; never a secret, an e-mail or a template.
};

/// Where the library says what happened; the host brings one. Without it the library is silent.
class FINDME_API Log {
  public:
    virtual ~Log() = default;
    /// Called from any thread, also from several at once; must not throw.
    /// @param event  a stable word, as in `login_refused`.
    virtual void write(LogLevel level, std::string_view event, std::span<const LogField> fields) = 0;
};

}  // namespace findme
