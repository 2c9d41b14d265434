#include "base/text.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace findme;
using namespace findme::base;

TEST_CASE("text: quoting leaves well-formed UTF-8 readable", "[base]") {
    CHECK(quoted("") == "\"\"");
    CHECK(quoted("party 1.jpg") == "\"party 1.jpg\"");
    CHECK(quoted("f\xC3\xAAte.jpg") == "\"f\xC3\xAAte.jpg\"");
    CHECK(quoted("\xE5\xAE\xB4.jpg") == "\"\xE5\xAE\xB4.jpg\"");
    CHECK(quoted("\xF0\x9F\x8E\x89") == "\"\xF0\x9F\x8E\x89\"");
}

TEST_CASE("text: quotes and backslashes are escaped, so that a quoted name ends where it ends", "[base]") {
    CHECK(quoted("a\"b") == "\"a\\\"b\"");
    CHECK(quoted("a\\x1b") == "\"a\\\\x1b\"");
}

TEST_CASE("text: control characters of a name never reach a terminal", "[base]") {
    CHECK(quoted("a\x1b[2Jb") == "\"a\\x1b[2Jb\"");
    CHECK(quoted("a\nb\tc\rd") == "\"a\\nb\\tc\\rd\"");
    CHECK(quoted(std::string("a\0b", 3)) == "\"a\\x00b\"");
    CHECK(quoted("\x7f") == "\"\\x7f\"");
    for (int c = 0; c < 0x20; ++c) {
        const std::string out = quoted(std::string(1, static_cast<char>(c)));
        for (const char printed : out) CHECK(static_cast<unsigned char>(printed) >= 0x20U);
    }
}

TEST_CASE("text: C1 controls, which act like ESC sequences, are escaped although they are valid UTF-8",
          "[base]") {
    CHECK(quoted("a\xC2\x9B"
                 "2J") == "\"a\\xc2\\x9b2J\"");  // U+009B, one-byte CSI.
    CHECK(quoted("\xC2\x80") == "\"\\xc2\\x80\"");
    CHECK(quoted("\xC2\xA0") == "\"\xC2\xA0\"");  // U+00A0 is a blank, no control.
}

TEST_CASE("text: what is not UTF-8 is escaped byte by byte, and what follows it is not swallowed", "[base]") {
    CHECK(quoted("a\xFF.jpg") == "\"a\\xff.jpg\"");
    CHECK(quoted("\xC3") == "\"\\xc3\"");                             // Cut short.
    CHECK(quoted("\xC3(") == "\"\\xc3(\"");                           // Not continued.
    CHECK(quoted("\xC0\xAF") == "\"\\xc0\\xaf\"");                    // Overlong slash.
    CHECK(quoted("\xE0\x80\xAF") == "\"\\xe0\\x80\\xaf\"");           // Overlong in three bytes.
    CHECK(quoted("\xED\xA0\x80") == "\"\\xed\\xa0\\x80\"");           // A surrogate.
    CHECK(quoted("\xF4\x90\x80\x80") == "\"\\xf4\\x90\\x80\\x80\"");  // Past U+10FFFF.
}

TEST_CASE("text: UTF-8 is judged as strictly as quoting does", "[base]") {
    for (const std::string good :
         {"", "plain", "f\xC3\xAAte", "\xE5\xAE\xB4", "\xF0\x9F\x8E\x89", "\xF4\x8F\xBF\xBF"}) {
        CHECK(is_valid_utf8(good));
    }
    for (const std::string bad : {"\xFF", "\x80", "\xC3", "\xC0\xAF", "\xE0\x9F\xBF", "\xED\xBF\xBF",
                                  "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "ok\xE5\xAE"}) {
        CHECK_FALSE(is_valid_utf8(bad));
    }
}

TEST_CASE("text: lowering touches ASCII letters alone", "[base]") {
    CHECK(to_lower_ascii("IMG_01.JPG") == "img_01.jpg");
    CHECK(to_lower_ascii("\xC3\x89T\xC3\x89") == "\xC3\x89t\xC3\x89");
    CHECK(to_lower_ascii("@[`{") == "@[`{");
}

TEST_CASE("text: trimming takes blanks and control characters off both ends only", "[base]") {
    CHECK(trimmed("  a b\t\r\n") == "a b");
    CHECK(trimmed(" \n\t ").empty());
    CHECK(trimmed("").empty());
    CHECK(trimmed("\xC3\xA9 ") == "\xC3\xA9");  // Bytes over 0x7f are not controls.
}

TEST_CASE("text: the edit distance counts insertions, deletions and substitutions", "[base]") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("jobs", "job") == 1);
    CHECK(edit_distance("ab", "ba") == 2);
    CHECK(edit_distance("flaw", "lawn") == edit_distance("lawn", "flaw"));
}

TEST_CASE("text: a hint names what is at most two edits away, nearest first, three at most", "[base]") {
    const std::vector<std::string> words{"index", "indexes", "match", "indes", "inde", "index2"};
    CHECK(did_you_mean("indx", words) == " (did you mean \"inde\" or \"index\" or \"indes\"?)");
    CHECK(did_you_mean("MATCH", words) == " (did you mean \"match\"?)");
    CHECK(did_you_mean("export", words).empty());
    CHECK(did_you_mean("index", {}).empty());
}
