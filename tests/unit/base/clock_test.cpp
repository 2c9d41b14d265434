#include "findme/clock.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

using namespace findme;
using namespace std::chrono;

namespace {
Timestamp at(int year, unsigned month, unsigned day, milliseconds time = {}) {
    return Timestamp{sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)} +
                     time};
}
}  // namespace

TEST_CASE("clock: times are written in UTC with milliseconds", "[base]") {
    CHECK(to_iso8601(at(2026, 11, 22, 21h + 40min)) == "2026-11-22T21:40:00.000Z");
    CHECK(to_iso8601(at(1970, 1, 1)) == "1970-01-01T00:00:00.000Z");
    CHECK(to_iso8601(at(2024, 2, 29, 23h + 59min + 59s + 999ms)) == "2024-02-29T23:59:59.999Z");
}

TEST_CASE("clock: a time before 1970 is written as the day it was", "[base]") {
    CHECK(to_iso8601(at(1969, 12, 31, 23h + 59min + 59s + 1ms)) == "1969-12-31T23:59:59.001Z");
}

TEST_CASE("clock: what is written reads back as the same time", "[base]") {
    const std::vector<Timestamp> times{at(1, 1, 1),          at(1969, 12, 31, 1ms),
                                       at(1970, 1, 1),       at(2000, 2, 29),
                                       at(2026, 6, 20, 12h), at(9999, 12, 31, 86'399'999ms)};
    for (const auto time : times) {
        INFO(to_iso8601(time));
        CHECK(timestamp_from_iso8601(to_iso8601(time)).value() == time);
    }
    for (const auto& day : {"0001-01-01", "2000-02-29", "2026-06-20", "9999-12-31"}) {
        CHECK(to_iso8601(date_from_iso8601(day).value()) == day);
    }
}

TEST_CASE("clock: text order is time order", "[base]") {
    const auto earlier = at(2026, 6, 9, 9ms);
    const auto later = at(2026, 6, 10, 10ms);
    CHECK(to_iso8601(earlier) < to_iso8601(later));
}

TEST_CASE("clock: the fraction may be left out", "[base]") {
    CHECK(timestamp_from_iso8601("2026-06-20T12:00:00Z").value() == at(2026, 6, 20, 12h));
}

TEST_CASE("clock: a date that does not exist or is written otherwise is refused", "[base]") {
    for (const std::string bad : {"", "2026", "2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31",
                                  "2026-4-3", "26-04-03", "2026/04/03", "2026-04-03 ", " 2026-04-03",
                                  "2026-04-03x", "-026-04-03", "+026-04-03", "2026--4-03", "2026-04-0a"}) {
        INFO(bad);
        const auto read = date_from_iso8601(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::invalid_argument);
        CHECK(read.error().subject == bad);
    }
}

TEST_CASE("clock: a time that does not exist or is not UTC is refused", "[base]") {
    for (const std::string bad :
         {"", "2026-06-20", "2026-06-20T12:00:00", "2026-06-20 12:00:00Z", "2026-06-20T24:00:00Z",
          "2026-06-20T12:60:00Z", "2026-06-20T12:00:60Z", "2026-06-20T12:00:00.5Z",
          "2026-06-20T12:00:00.0000Z", "2026-06-20T12:00:00+02:00", "2026-06-20T12:00:00Zx",
          "2026-06-20T-1:00:00Z", "2026-02-30T12:00:00Z"}) {
        INFO(bad);
        const auto read = timestamp_from_iso8601(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::invalid_argument);
    }
}

TEST_CASE("clock: the system's clock knows this century", "[base]") {
    CHECK(findme::system_clock().now() > at(2024, 1, 1));
}
