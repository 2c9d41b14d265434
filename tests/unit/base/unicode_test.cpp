#include "base/unicode.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace findme::base;
using namespace std::string_literals;

TEST_CASE("unicode: a letter with its accent is one character, however it was typed", "[base]") {
    CHECK(nfc("cafe\xCC\x81") == "caf\xC3\xA9");
    CHECK(nfc("caf\xC3\xA9") == "caf\xC3\xA9");
    CHECK(nfc("\xE2\x84\xAB") == "\xC3\x85");                              // The sign for angstrom.
    CHECK(nfc("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB") == "\xED\x95\x9C");  // Jamo make a syllable.
    CHECK(nfc("q\xCC\x87\xCC\xA3") == "q\xCC\xA3\xCC\x87");                // Marks in their order.
    CHECK(nfc("\xEF\xAC\x81") == "\xEF\xAC\x81");                          // Not NFKC: the ligature stays.
    CHECK(nfc("\xF0\x9F\x8E\x89 plain") == "\xF0\x9F\x8E\x89 plain");
}

TEST_CASE("unicode: NUL is a character like any other", "[base]") {
    CHECK(nfc("e\xCC\x81\0e\xCC\x81"s) == "\xC3\xA9\0\xC3\xA9"s);
    CHECK(nfc("\0"s) == "\0"s);
    CHECK(nfc("") == "");
    CHECK(code_points("a\0b"s) == 3);
}

TEST_CASE("unicode: what is not UTF-8 has no normal form", "[base]") {
    for (const std::string bad : {"\xFF", "\xC3", "a\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
        CHECK_FALSE(nfc(bad));
        CHECK(case_folded(bad) == bad);
        CHECK(unaccented(bad) == bad);
        CHECK(code_points(bad) == bad.size());
    }
}

TEST_CASE("unicode: names compare without regard to case, in any script", "[base]") {
    CHECK(case_folded("ANNA@Example.ORG") == "anna@example.org");
    CHECK(case_folded("\xC3\x89"
                      "COLE") == case_folded("e\xCC\x81"
                                             "cole"));
    CHECK(case_folded("STRASSE") == case_folded("stra\xC3\x9F"
                                                "e"));
    CHECK(case_folded("\xD0\x90\xD0\x9D\xD0\x9D\xD0\x90") == "\xD0\xB0\xD0\xBD\xD0\xBD\xD0\xB0");
    CHECK(case_folded("\xCE\xA3") == case_folded("\xCF\x82"));  // Sigma, and at a word's end.
    CHECK(case_folded("\xC3\xA9") != case_folded("e"));
}

TEST_CASE("unicode: words are found whichever way their accents are written", "[base]") {
    CHECK(unaccented("Contrase\xC3\xB1"
                     "a") == "contrasena");
    CHECK(unaccented("E\xCC\x81"
                     "COLE") == "ecole");
    CHECK(unaccented("\xF0\x9F\x8E\x89") == "\xF0\x9F\x8E\x89");
}

TEST_CASE("unicode: characters are counted, not bytes", "[base]") {
    CHECK(code_points("") == 0);
    CHECK(code_points("caf\xC3\xA9") == 4);
    CHECK(code_points("\xF0\x9F\x8E\x89\xF0\x9F\x8E\x89") == 2);
    CHECK(code_points("e\xCC\x81") == 2);
}

TEST_CASE("unicode: what moves the cursor, turns the writing or cannot be seen is found", "[base]") {
    CHECK(has_control_or_format("a\nb"));
    CHECK(has_control_or_format("\x1b[2J"));
    CHECK(has_control_or_format("\x7f"));
    CHECK(has_control_or_format("a\0b"s));
    CHECK(has_control_or_format("\xC2\x9B"));  // C1: CSI in one character.
    CHECK(
        has_control_or_format("\xE2\x80\xAE"
                              "gpj.exe"));         // Right to left from here on.
    CHECK(has_control_or_format("\xE2\x81\xA6"));  // An isolate.
    CHECK(
        has_control_or_format("an\xE2\x80\x8B"
                              "na"));  // A blank of no width.
    CHECK(
        has_control_or_format("\xEF\xBB\xBF"
                              "anna"));  // A byte order mark.
    CHECK(
        has_control_or_format("a\xE2\x80\xA8"
                              "b"));  // A line separator.

    CHECK_FALSE(has_control_or_format(""));
    CHECK_FALSE(has_control_or_format("Anna-Lena O'Neill"));
    CHECK_FALSE(has_control_or_format("\xD7\x93\xD7\xA0\xD7\x94"));  // Hebrew letters turn it themselves.
    CHECK_FALSE(has_control_or_format("\xC2\xA0\xF0\x9F\x8E\x89"));
}
