#include "base/part.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "findme/error.hpp"

using findme::base::load_part;

TEST_CASE("parts: those that findme comes with are found, and are of this version", "[base]") {
    // That another version's is refused, the next test shows.
    for (const char* name : {"drawing", "exif", "networks", "postgresql"}) {
        CAPTURE(name);
        CHECK_NOTHROW(load_part({name, "nothing works", "nothing"}));
    }
}

TEST_CASE("parts: one that another findme left behind is refused", "[base]") {
    try {
        static_cast<void>(load_part({"foreign", "nothing works", "nothing"}));
        FAIL("it was taken");
    } catch (const findme::Error& error) {
        CHECK(std::string(error.what()).find("libfindme-foreign.so is of findme 0.0.0") != std::string::npos);
    }
}

TEST_CASE("parts: one that is missing says what cannot be done and what to install", "[base]") {
    try {
        static_cast<void>(load_part({"none", "crystal balls cannot be read", "a crystal ball"}));
        FAIL("it was found");
    } catch (const findme::Error& error) {
        const std::string message = error.what();
        CHECK(error.code() == findme::ErrorCode::internal);
        CHECK(message.starts_with("crystal balls cannot be read: "));
        CHECK(message.find("/findme/libfindme-none.so") != std::string::npos);
        CHECK(message.find("(install findme " FINDME_VERSION " again, and a crystal ball)") !=
              std::string::npos);
    }
}
