#include "findme/clock.hpp"

#include <charconv>
#include <cstdio>

namespace findme {
namespace {

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

/// Reads exactly `digits` decimal digits at `at` and steps over them.
bool read_number(std::string_view text, std::size_t& at, std::size_t digits, int& value) {
    if (text.size() < at + digits) return false;
    const char* begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + digits, value);
    at += digits;
    return error == std::errc{} && end == begin + digits && *begin != '-';
}

bool read_char(std::string_view text, std::size_t& at, char wanted) {
    if (at >= text.size() || text[at] != wanted) return false;
    ++at;
    return true;
}

bool read_date(std::string_view text, std::size_t& at, Date& date) {
    int year = 0;
    int month = 0;
    int day = 0;
    if (!read_number(text, at, 4, year) || !read_char(text, at, '-') || !read_number(text, at, 2, month) ||
        !read_char(text, at, '-') || !read_number(text, at, 2, day)) {
        return false;
    }
    date = Date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                std::chrono::day{static_cast<unsigned>(day)}};
    return date.ok();
}

bool read_time(std::string_view text, std::size_t& at, std::chrono::milliseconds& time) {
    int hour = 0;
    int minute = 0;
    int second = 0;
    int milli = 0;
    if (!read_number(text, at, 2, hour) || !read_char(text, at, ':') || !read_number(text, at, 2, minute) ||
        !read_char(text, at, ':') || !read_number(text, at, 2, second)) {
        return false;
    }
    if (read_char(text, at, '.') && !read_number(text, at, 3, milli)) return false;
    time = std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second} +
           std::chrono::milliseconds{milli};
    return hour < 24 && minute < 60 && second < 60;
}

}  // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

std::string to_iso8601(Date date) {
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text;
}

std::string to_iso8601(Timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::hh_mm_ss clock{time - day};
    char text[32];
    std::snprintf(text, sizeof text, "T%02d:%02d:%02d.%03dZ", static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                  static_cast<int>(clock.subseconds().count()));
    return to_iso8601(Date{day}) + text;
}

Result<Date> date_from_iso8601(std::string_view text) {
    std::size_t at = 0;
    Date date{};
    if (!read_date(text, at, date) || at != text.size()) {
        return ErrorInfo{ErrorCode::invalid_argument, "a date is written YYYY-MM-DD, as in 2026-06-20",
                         std::string(text)};
    }
    return date;
}

Result<Timestamp> timestamp_from_iso8601(std::string_view text) {
    std::size_t at = 0;
    Date date{};
    std::chrono::milliseconds time{};
    if (!read_date(text, at, date) || !read_char(text, at, 'T') || !read_time(text, at, time) ||
        !read_char(text, at, 'Z') || at != text.size()) {
        return ErrorInfo{ErrorCode::invalid_argument, "a time is written YYYY-MM-DDThh:mm:ss.mmmZ",
                         std::string(text)};
    }
    return Timestamp{std::chrono::sys_days{date} + time};
}

}  // namespace findme
