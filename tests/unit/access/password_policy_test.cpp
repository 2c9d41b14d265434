#include "access/password_policy.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "access/common_words.hpp"
#include "findme/error.hpp"

using namespace findme;
using namespace findme::access;

namespace {

constexpr const char* kShort = "shorter than 15 characters";
constexpr const char* kFew = "fewer than five different characters";
constexpr const char* kRepeats = "repeats itself";
constexpr const char* kNames = "little is left";
constexpr const char* kWords = "fewer than four common words";

constexpr const char* kNone = "none";

// "kot spit na okne", and a Spanish "password" with its tilde.
constexpr const char* kRussian =
    "\xD0\xBA\xD0\xBE\xD1\x82 \xD1\x81\xD0\xBF\xD0\xB8\xD1\x82 \xD0\xBD\xD0\xB0 "
    "\xD0\xBE\xD0\xBA\xD0\xBD\xD0\xB5";
constexpr const char* kSpanish =
    "CONTRASE\xC3\x91"
    "A123456";

const std::vector<std::string> kContext{"kmeier", "k.meier-huber", "Gartenfest 2026", "Kl\xC3\xA4re"};

/// The reasons, as they are put together in a message.
std::string reasons(std::string_view password, const std::vector<std::string>& context = kContext) {
    std::string all;
    for (const auto& problem : password_problems(password, context))
        all += (all.empty() ? "" : "; ") + problem;
    return all.empty() ? kNone : all;
}

}  // namespace

TEST_CASE("policy: any characters make a good password, and nothing is asked for in particular", "[access]") {
    for (const std::string good :
         {"Orbit-Lampe-Wolke-42", "himbeere tanzt leise", "correct tree battery window", "kt9xq2m7vblp4zs",
          "!$%&/()=?#+*~-_", "372649173821556", "OKTAVE QUARZ BLITZ", kRussian}) {
        INFO(good);
        CHECK(reasons(good) == kNone);
    }
    CHECK(reasons(std::string("Orbit\0Lampe\0Wolke", 17)) == kNone);
    CHECK(reasons("\xFF\xFE\xF0 Lampe \xC0 Wolke \x80") == kNone);
}

TEST_CASE("policy: length counts characters, 15 of them, and 1024 bytes are the most", "[access]") {
    std::string emoji;
    for (int i = 0; i < 15; ++i) emoji += std::string("\xF0\x9F\x98") + static_cast<char>(0x80 + i);
    CHECK(emoji.size() == 60);
    CHECK(reasons(emoji) == kNone);
    CHECK_THAT(reasons(emoji.substr(4)), Catch::Contains(kShort));
    CHECK_THAT(reasons("kt9xq2m7vblp4z"), Catch::Contains(kShort));
    CHECK_THAT(reasons(""), Catch::Contains(kShort));

    std::string longest;
    while (longest.size() < 1024) longest += "kt9xq2m7vblp4zs " + std::to_string(longest.size() * 7919);
    longest.resize(1024);
    CHECK(reasons(longest) == kNone);
    CHECK(reasons(longest + "x") == "it is longer than 1024 bytes");
    CHECK(reasons(std::string(1 << 20, 'x')) == "it is longer than 1024 bytes");
}

TEST_CASE("policy: few different characters and repetitions are refused", "[access]") {
    std::string two_emoji;
    for (int i = 0; i < 8; ++i) two_emoji += "\xF0\x9F\x98\x80\xF0\x9F\x98\x81";
    for (const std::string& few : std::vector<std::string>{
             "aaaaaaaaaaaaaaa", "aaaaabbbbbccccc", "ababababababababab", "               ", two_emoji}) {
        INFO(few);
        CHECK(reasons(few) == "it has fewer than five different characters");
    }
    for (const std::string again : {"wolke wolke wolke", "Xq7#kXq7#kXq7#kXq", "wolkewolkewolke1",
                                    "12wolke-WOLKE-wolke99", "kt9xq2m7kt9xq2m7"}) {
        INFO(again);
        CHECK_THAT(reasons(again), Catch::Contains(kRepeats));
    }
    CHECK(reasons("kt9xq2m7vblp4zs,kt9xq2m7vblp4zs,") == kNone);  // What is repeated would do alone.
}

TEST_CASE("policy: runs of keys are refused, forwards, backwards and on any of our keyboards", "[access]") {
    for (const std::string run :
         {"123456789012345",  "12345678987654321", "abcdefghijklmnop",     "zyxwvutsrqponmlk",
          "qwertyuiop12345",  "poiuytrewq54321",   "azertyuiop12345",      "qwertzuiop12345",
          "qsdfghjklm12345",  "1qaz2wsx3edc4rfv",  "zaq1xsw2cde3vfr4",     "1qazxsw23edcvfr4",
          "qazwsxedcrfvtgb",  "q1w2e3r4t5y6u7i8",  "1234qwerasdfzxcv",     "147258369147852",
          "1122334455667788", "111222333444555",   "QWERTY-asdfgh-ZXCVBN", "qweasdzxc123qwe!"}) {
        INFO(run);
        CHECK_THAT(reasons(run), Catch::Contains(kWords) || Catch::Contains(kRepeats));
    }
}

TEST_CASE("policy: fewer than four common words are refused, however they are dressed", "[access]") {
    for (const std::string words :
         {"passwordpassword2", "iloveyou iloveyou2", "P@ssw0rd!Dr4gon!", "password12345678",
          "Summer2023!Winter2024!", "p-a-s-s-w-o-r-d-1-2-3", "letmein letmein now", "I love my boyfriend",
          kSpanish, "MotDePasse123456", "meinPasswort2024", "Football...Baseball",
          "correcthorsebatterystaple", "welcome2welcome3", "sunshine19871988", "he11o he11o w0r1d",
          "!!!password!!!1999", "trustno1trustno2"}) {
        INFO(words);
        CHECK_THAT(reasons(words), Catch::Contains(kWords) || Catch::Contains(kRepeats));
    }
    CHECK(reasons("summer kitten garden piano") == kNone);
}

TEST_CASE("policy: names of account, event and service count for little", "[access]") {
    for (const std::string named :
         {"kmeier-kmeier-2026", "Gartenfest 2026!", "gartenfest-findme", "FindMe Gartenfest",
          "f1ndm3-g4rt3nf3st", "K.Meier-Huber1234", "KLARE-klaere-2026", "GARTENFEST-12345"}) {
        INFO(named);
        CHECK_THAT(reasons(named), Catch::Contains(kNames) || Catch::Contains(kRepeats));
    }
    CHECK_THAT(reasons("kmeierpassword2026"), Catch::Contains(kWords));
    CHECK_THAT(reasons("findmefindmefindme", {}), Catch::Contains(kRepeats));
    CHECK_THAT(reasons("findme-und-findme", {}), Catch::Contains(kNames));
    CHECK(reasons("Gartenfest mit Himbeerquark") == kNone);
    CHECK_THAT(reasons("kmeier--Xolka7q"), Catch::Contains(kNames));
    CHECK(reasons("kmeier--Xolka7q", {"hmeier"}) == kNone);
}

TEST_CASE("policy: names of one or two letters take nothing away", "[access]") {
    CHECK(reasons("orbit lampe wolke", {"o", "be", "", "-", " "}) == kNone);
}

TEST_CASE("policy: every reason is told at once, in one sentence and one by one", "[access]") {
    const auto problems = password_problems("password", kContext);
    REQUIRE(problems.size() == 2);
    CHECK_THAT(problems[0], Catch::Contains(kShort));
    CHECK_THAT(problems[1], Catch::Contains(kWords));
    try {
        require_good_password("password", kContext);
        FAIL("it was taken");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::password_refused);
        CHECK(error.info().message == "the password is refused: " + problems[0] + "; " + problems[1]);
        REQUIRE(error.info().problems.size() == 2);
        CHECK(error.info().problems[1].message == problems[1]);
    }
    CHECK_NOTHROW(require_good_password("Orbit-Lampe-Wolke-42", kContext));
    CHECK_THAT(reasons("aaaa"), Catch::Contains(kFew));
}

TEST_CASE("policy: the words are there, one a line, as they are compared", "[access]") {
    const std::string_view words = common_words_txt();
    CHECK(std::count(words.begin(), words.end(), '\n') > 1000);
    CHECK(words.ends_with('\n'));
    CHECK(std::all_of(words.begin(), words.end(),
                      [](char c) { return c == '\n' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }));
}
