#include "findme/secret.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

#include "findme/log.hpp"

using namespace findme;
using namespace std::string_literals;

namespace {

/// What Linux says about the mapping that holds `address`: " lo ", " dd " and the like.
std::string mapping_flags(const void* address) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream smaps("/proc/self/smaps");
    bool inside = false;
    for (std::string line; std::getline(smaps, line);) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = 0;
        std::istringstream words(line);
        if (words >> std::hex >> begin >> dash >> end && dash == '-')
            inside = begin <= wanted && wanted < end;
        if (inside && line.starts_with("VmFlags:")) return line.substr(8) + " ";
    }
    return {};
}

bool is_mapped(const void* address) {
    return !mapping_flags(address).empty();
}

}  // namespace

TEST_CASE("secret: what goes in comes out, NUL included", "[base]") {
    const std::string bytes = "pw\0\xFF\n"s;
    const Secret secret(bytes);
    CHECK(secret.view() == bytes);
    CHECK_FALSE(secret.empty());
    CHECK(Secret(std::string(1024, 'x')).view() == std::string(1024, 'x'));
}

TEST_CASE("secret: nothing is a secret too", "[base]") {
    CHECK(Secret().empty());
    CHECK(Secret("").empty());
    CHECK(Secret("").view().empty());
}

TEST_CASE("secret: it moves and is never copied", "[base]") {
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Secret>);
    STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<Secret>);
    Secret first("Orbit");
    const char* place = first.view().data();
    Secret second(std::move(first));
    CHECK(second.view().data() == place);
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move): what is left of it is what is asked.
    Secret third("Lampe");
    const char* given_up = third.view().data();
    third = std::move(second);
    CHECK(third.view() == "Orbit");
    CHECK_FALSE(is_mapped(given_up));
}

TEST_CASE("secret: its memory is locked, left out of core dumps, and gone with it", "[base]") {
    const char* place = nullptr;
    {
        const Secret secret("Orbit Lampe Wolke");
        place = secret.view().data();
        const std::string flags = mapping_flags(place);
        INFO(flags);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // Which let nothing be locked.
        CHECK(flags.find(" lo ") != std::string::npos);
#endif
        CHECK(flags.find(" dd ") != std::string::npos);
    }
    CHECK_FALSE(is_mapped(place));
}

TEST_CASE("log: levels have names", "[base]") {
    CHECK(to_string(LogLevel::debug) == "debug");
    CHECK(to_string(LogLevel::info) == "info");
    CHECK(to_string(LogLevel::warning) == "warning");
    CHECK(to_string(LogLevel::error) == "error");
}
