#include "access/token_text.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <regex>
#include <set>
#include <string>

#include "support/slow.hpp"

using namespace findme;
using access::generate_token;
using access::is_well_formed;

TEST_CASE("token text: all are different and of one form", "[access]") {
    const std::size_t tokens = testing::full_size() ? 100'000 : 5'000;
    std::set<std::string> seen;
    const std::regex form("fmr_[0-9A-Za-z]{49}");
    for (std::size_t i = 0; i < tokens; ++i) {
        const Secret token = generate_token();
        seen.insert(std::string(token.view()));
        if (i % 100 == 0) {
            CHECK(std::regex_match(std::string(token.view()), form));
            CHECK(is_well_formed(token.view()));
        }
    }
    CHECK(seen.size() == tokens);
}

TEST_CASE("token text: any one wrong character, and any other length, is noticed", "[access]") {
    const std::string token(generate_token().view());
    for (std::size_t at = 0; at < token.size(); ++at) {
        std::string typo = token;
        typo[at] = typo[at] == 'x' ? 'y' : 'x';
        CHECK_FALSE(is_well_formed(typo));
    }
    CHECK_FALSE(is_well_formed(token.substr(1)));
    CHECK_FALSE(is_well_formed(token + "0"));
    CHECK_FALSE(is_well_formed(""));
    CHECK_FALSE(is_well_formed(std::string(token.size(), '\0')));
}

TEST_CASE("token text: what is kept of a token is its SHA-256", "[access]") {
    // printf fmr_ | sha256sum
    CHECK(to_hex(access::token_hash("fmr_")) ==
          "2fa887c7b59b916f5ee06b511e45265fdb84dadfb248bcbe236367b35f425fd0");
}
