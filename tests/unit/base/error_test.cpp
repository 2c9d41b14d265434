#include "findme/error.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>

#include "findme/result.hpp"

using namespace findme;

TEST_CASE("errors: every code has a name of its own, in snake case", "[base]") {
    std::set<std::string> names;
    for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
        const std::string name(to_string(static_cast<ErrorCode>(code)));
        INFO(name);
        CHECK_FALSE(name.empty());
        CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos);
        CHECK(names.insert(name).second);
    }
}

TEST_CASE("errors: an exception carries the whole error information", "[base]") {
    const Error error({ErrorCode::store_locked, "the database is busy", "findme.db", Retry::later, true});
    CHECK(std::string(error.what()) == "the database is busy");
    CHECK(error.code() == ErrorCode::store_locked);
    CHECK(error.info().subject == "findme.db");
    CHECK(error.info().retry == Retry::later);
    CHECK(error.info().in_doubt);
}

TEST_CASE("results: read as a code or as an exception", "[base]") {
    const Result<int> good = 7;
    REQUIRE(good);
    CHECK(*good == 7);
    CHECK(good.value() == 7);

    const Result<int> bad = ErrorInfo{ErrorCode::not_found, "there is none"};
    CHECK_FALSE(bad);
    CHECK(bad.error().code == ErrorCode::not_found);
    CHECK_THROWS_AS(static_cast<void>(bad.value()), Error);
}

TEST_CASE("results: a value that cannot be copied moves out", "[base]") {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
    const std::unique_ptr<int> value = std::move(result).value();
    CHECK(*value == 3);
}
