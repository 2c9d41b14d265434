#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "findme/export.hpp"
#include "findme/result.hpp"

namespace findme {

using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;
using Date = std::chrono::year_month_day;

/// Where "now" comes from; tests bring their own.
class FINDME_API Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Timestamp now() const = 0;
};

/// The system's UTC clock. Thread-safe; lives as long as the process.
FINDME_API const Clock& system_clock();

/// `2026-11-22T21:40:00.000Z`, always UTC, always milliseconds, so that text order is time order.
FINDME_API std::string to_iso8601(Timestamp time);
/// Reads what to_iso8601 writes, fraction optional. @errors invalid_argument.
FINDME_API Result<Timestamp> timestamp_from_iso8601(std::string_view text);
/// `2026-11-22`.
FINDME_API std::string to_iso8601(Date date);
/// Reads `YYYY-MM-DD` and insists on a day that exists. @errors invalid_argument.
FINDME_API Result<Date> date_from_iso8601(std::string_view text);

}  // namespace findme
