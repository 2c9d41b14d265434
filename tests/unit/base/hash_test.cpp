#include "base/hash.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace findme;

namespace {
std::string sha256_hex(const std::string& text) {
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    return to_hex(base::sha256(bytes));
}
}  // namespace

TEST_CASE("hash: SHA-256 gives the values of FIPS 180-2", "[base]") {
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("hash: hexadecimal reads back, in either case", "[base]") {
    const ContentHash hash = base::sha256({});
    std::string hex = to_hex(hash);
    CHECK(content_hash_from_hex(hex).value() == hash);
    for (char& c : hex) c = static_cast<char>(std::toupper(c));
    CHECK(content_hash_from_hex(hex).value() == hash);
}

TEST_CASE("hash: anything but 64 hexadecimal digits is refused", "[base]") {
    const std::string good(64, 'a');
    for (const std::string& bad :
         {std::string(), good.substr(1), good + "a", good + "aa", "g" + good.substr(1), good.substr(1) + " ",
          "aa:" + good.substr(3), "0x" + good.substr(2)}) {
        INFO(bad);
        const auto read = content_hash_from_hex(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::invalid_argument);
    }
}
