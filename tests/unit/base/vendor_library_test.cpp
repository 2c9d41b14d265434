#include "base/vendor_library.hpp"

#include <catch2/catch.hpp>

using findme::base::VendorLibrary;

TEST_CASE("vendor library: one that is not installed is not usable, and says its name", "[base]") {
    VendorLibrary library("libfindme-has-no-such.so.1");
    int (*function)() = nullptr;
    library.bind(function, "anything");
    CHECK(function == nullptr);
    CHECK_FALSE(library.usable());
    CHECK(library.why_not().find("libfindme-has-no-such.so.1") != std::string::npos);
}

TEST_CASE("vendor library: one without a function that is needed is not usable", "[base]") {
    VendorLibrary library("libm.so.6");
    double (*cosine)(double) = nullptr;
    library.bind(cosine, "cos");
    REQUIRE(library.usable());
    CHECK(cosine(0) == 1);
    void (*nothing)() = nullptr;
    library.bind(nothing, "findme_has_no_such_function");
    CHECK_FALSE(library.usable());
    CHECK(library.why_not().find("findme_has_no_such_function") != std::string::npos);
}

TEST_CASE("vendor library: a part of findme is found beside the program", "[base]") {
    auto library = VendorLibrary::of_findme("libfindme-drawing.so");
    CHECK(library.why_not().empty());
    const auto none = VendorLibrary::of_findme("libfindme-none.so");
    CHECK(none.why_not().find("/findme/libfindme-none.so") != std::string::npos);
}
