#include "base/checked.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>

using namespace findme::base;

TEST_CASE("checked arithmetic: results that fit come back, others do not", "[base]") {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    CHECK(checked_mul<std::int64_t>(65'500, 65'500) == 4'290'250'000);
    CHECK_FALSE(checked_mul<std::int64_t>(kMost, 2));
    CHECK_FALSE(checked_mul<std::int32_t>(65'500, 65'500));
    CHECK_FALSE(checked_mul<std::size_t>(std::numeric_limits<std::size_t>::max(), 2));
    CHECK(checked_mul<std::int64_t>(kMost, 0) == 0);
    CHECK(checked_add<std::int64_t>(kMost, 0) == kMost);
    CHECK_FALSE(checked_add<std::int64_t>(kMost, 1));
    CHECK_FALSE(checked_add<std::uint8_t>(200, 56));
}
