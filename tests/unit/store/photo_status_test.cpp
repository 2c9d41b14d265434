#include <catch2/catch.hpp>

#include "findme/photo.hpp"

using findme::PhotoStatus;
using findme::to_string;

TEST_CASE("photo status: the words are those of the database", "[store]") {
    CHECK(to_string(PhotoStatus::pending) == "PENDING");
    CHECK(to_string(PhotoStatus::processing) == "PROCESSING");
    CHECK(to_string(PhotoStatus::done) == "DONE");
    CHECK(to_string(PhotoStatus::failed) == "FAILED");
}
