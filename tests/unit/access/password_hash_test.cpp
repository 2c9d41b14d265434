#include "access/password_hash.hpp"

#include <sodium.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <latch>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "findme/error.hpp"
#include "findme/secret.hpp"

using namespace findme;
using namespace findme::access;
using namespace std::string_literals;

namespace {

constexpr const char* kPassword = "Orbit Lampe Wolke";

// Made with crypt(3) of libxcrypt 4.4.33, crypt(password, "$2b$04$findmefindmefindmefinu").
constexpr const char* kBcryptTail = "04$findmefindmefindmefinuMX216g1gUM5ELtHC49XBPmOZXEoKyTS";
constexpr const char* kBcryptOf72x = "$2b$04$findmefindmefindmefinuLkwMbJtwEELFaDnKT54.56x9DJzsq8a";
constexpr const char* kBcryptOfPw = "$2b$04$findmefindmefindmefinudqKARDAmg2oQnycAluNOQjlD756AiWC";
constexpr const char* kBcryptOfNfc = "$2b$04$findmefindmefindmefinuOYPf3Zwc0FpU3ukOnn6H/wyYjZAfubW";
constexpr const char* kBcryptOfNfd = "$2b$04$findmefindmefindmefinu1pQyB//S3iIFr.akV8ooIuYvFT.CgNm";
constexpr const char* kNfc = "caf\xC3\xA9 Lampe Wolke";
constexpr const char* kNfd = "cafe\xCC\x81 Lampe Wolke";

// Made with crypto_pwhash_str_alg() of libsodium 1.0.18: one pass over 8 MiB, three over 64 MiB, and Argon2i,
// which findme never made.
constexpr const char* kWeak =
    "$argon2id$v=19$m=8192,t=1,p=1$nJuRK8MRCjOlqBMRrZ6QGQ$xTzK82JXRjoc0GtVutWCZxxwHghflc092pOu7BVuP6g";
constexpr const char* kStronger =
    "$argon2id$v=19$m=65536,t=3,p=1$7dB/Bcwt1D/SCRdKcr9Snw$yj4aPKu1R0TYKDds/TIsqTxLLSvsL247srKRdd/YBlA";
constexpr const char* kArgon2i =
    "$argon2i$v=19$m=8192,t=3,p=1$BOommTgVGefEDkaK6/cwzQ$c2Y9l7rwdg9tfbrZ2R5hh5mSCmljbAswvN8Nmdra+g4";

std::uint64_t computations_of(const std::string& stored, std::string_view password) {
    const auto before = password_computations();
    CHECK(verify_password(stored, password) == Verdict::wrong);
    return password_computations() - before;
}

}  // namespace

TEST_CASE("password: new hashes are Argon2id, two passes over 64 MiB, each with a salt of its own",
          "[access]") {
    CHECK(kArgon2Passes == crypto_pwhash_OPSLIMIT_INTERACTIVE);
    CHECK(kArgon2MemoryBytes == crypto_pwhash_MEMLIMIT_INTERACTIVE);
    const std::string hash = hash_password(kPassword);
    CHECK(hash.starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
    CHECK(hash.size() < crypto_pwhash_STRBYTES);
    CHECK(hash_password(kPassword) != hash);
    CHECK(verify_password(hash, kPassword) == Verdict::right);
    CHECK(verify_password(hash, "Orbit Lampe wolke") == Verdict::wrong);
    CHECK(is_password_hash(hash));
}

TEST_CASE("password: the whole of it is compared, byte 73 and what follows a NUL as well", "[access]") {
    const std::string seventy_two(72, 'x');
    const std::string longer = hash_password(seventy_two + "a");
    CHECK(verify_password(longer, seventy_two + "b") == Verdict::wrong);
    CHECK(verify_password(longer, seventy_two) == Verdict::wrong);
    const std::string with_nul = hash_password("pw\0x"s);
    CHECK(verify_password(with_nul, "pw\0x"s) == Verdict::right);
    CHECK(verify_password(with_nul, "pw") == Verdict::wrong);
    CHECK(verify_password(with_nul, "pw\0y"s) == Verdict::wrong);
}

TEST_CASE("password: both ways to type an accent log in", "[access]") {
    const std::string hash = hash_password(kNfd);
    CHECK(verify_password(hash, kNfc) == Verdict::right);
    CHECK(verify_password(hash, kNfd) == Verdict::right);
    const std::string bytes = hash_password("\xFF\xFE no text");
    CHECK(verify_password(bytes, "\xFF\xFE no text") == Verdict::right);
    CHECK(verify_password(bytes, "\xFF\xFD no text") == Verdict::wrong);
}

TEST_CASE("password: bcrypt's hashes of the old service are right and want an upgrade", "[access]") {
    const std::string prefix = GENERATE("$2a$", "$2b$", "$2y$");
    const std::string stored = prefix + kBcryptTail;
    CHECK(is_password_hash(stored));
    CHECK(verify_password(stored, kPassword) == Verdict::right_upgrade);
    CHECK(verify_password(stored, "Orbit Lampe Wolkf") == Verdict::wrong);
    CHECK(verify_password(stored, "") == Verdict::wrong);
}

TEST_CASE("password: bcrypt's broken relative is no hash of ours", "[access]") {
    const std::string stored = std::string("$2x$") + kBcryptTail;
    CHECK_FALSE(is_password_hash(stored));
    CHECK(verify_password(stored, kPassword) == Verdict::wrong);
}

TEST_CASE("password: what bcrypt cuts off never becomes part of a better hash", "[access]") {
    CHECK(verify_password(kBcryptOf72x, std::string(72, 'x')) == Verdict::right_upgrade);
    CHECK(verify_password(kBcryptOf72x, std::string(73, 'x')) == Verdict::right);
    CHECK(verify_password(kBcryptOf72x, std::string(72, 'x') + "anything else") == Verdict::right);
    CHECK(verify_password(kBcryptOf72x, std::string(71, 'x')) == Verdict::wrong);
    CHECK(verify_password(kBcryptOfPw, "pw") == Verdict::right_upgrade);
    CHECK(verify_password(kBcryptOfPw, "pw\0x"s) == Verdict::wrong);
    CHECK(verify_password(kBcryptOfPw, "pw\0"s) == Verdict::wrong);
}

TEST_CASE("password: bcrypt's hash of either way to type an accent takes the composed one", "[access]") {
    CHECK(verify_password(kBcryptOfNfc, kNfc) == Verdict::right_upgrade);
    CHECK(verify_password(kBcryptOfNfc, kNfd) == Verdict::right_upgrade);
    CHECK(verify_password(kBcryptOfNfd, kNfd) == Verdict::right_upgrade);
    CHECK(verify_password(kBcryptOfNfd, kNfc) == Verdict::wrong);  // Nothing tells how it was typed.
}

TEST_CASE("password: a weaker Argon2 is upgraded, a stronger one is left", "[access]") {
    CHECK(verify_password(kWeak, kPassword) == Verdict::right_upgrade);
    CHECK(verify_password(kWeak, "Orbit") == Verdict::wrong);
    CHECK(verify_password(kStronger, kPassword) == Verdict::right);
}

TEST_CASE("password: a damaged hash or one of another kind fits nothing, after the same work", "[access]") {
    const std::string good = hash_password(kPassword);
    REQUIRE(verify_password(good, kPassword) == Verdict::right);
    std::vector<std::string> bad{kArgon2i, good + "A", good + "$", good.substr(0, good.size() - 1),
                                 "x" + good};
    for (const auto& [part, other] : {std::pair{"v=19", "v=16"},
                                      {"m=65536", "m=4"},
                                      {"m=65536", "m=99999999999999999999"},
                                      {"t=2", "t=0"},
                                      {"t=2", "t=-1"},
                                      {"p=1", "p=2"},
                                      {"argon2id", "argon2d"}}) {
        bad.push_back(good);
        bad.back().replace(good.find(part), std::string(part).size(), other);
    }
    for (const auto& stored : bad) {
        INFO(stored);
        CHECK_FALSE(is_password_hash(stored));
        CHECK(computations_of(stored, kPassword) == 1);
    }
    std::string flipped = good;
    flipped[good.size() - 5] = flipped[good.size() - 5] == 'A' ? 'B' : 'A';
    CHECK(verify_password(flipped, kPassword) == Verdict::wrong);
}

TEST_CASE("password: what is no hash fits nothing", "[access]") {
    for (const std::string stored : {"!", "", "*", "plain", "$1$abc$def", "$argon2id$",
                                     "$argon2id$v=19$m=65536,t=2,p=1$x$y", "$2b$", "$2b$04$short"}) {
        INFO(stored);
        CHECK(verify_password(stored, stored) == Verdict::wrong);
        CHECK(verify_password(stored, "") == Verdict::wrong);
    }
    CHECK_FALSE(is_password_hash(std::string(kNoPassword)));
    CHECK_FALSE(is_password_hash(""));
}

TEST_CASE("password: a refusal is one computation, whatever it is refused for", "[access]") {
    const std::string hash = hash_password(kPassword);
    CHECK(computations_of(hash, "wrong") == 1);
    CHECK(computations_of(std::string(kNoPassword), kPassword) == 1);
    CHECK(computations_of("$2b$" + std::string(kBcryptTail), "wrong") == 1);
    CHECK(computations_of("$2b$" + std::string(kBcryptTail), "a\0b"s) == 1);
    CHECK(computations_of(hash, std::string(1025, 'x')) == 1);
    const auto before = password_computations();
    verify_nothing(kPassword);
    verify_nothing(std::string(1 << 20, 'x'));
    CHECK(password_computations() - before == 2);
}

TEST_CASE("password: the longest is 1024 bytes, and it is never cut", "[access]") {
    const std::string longest(kMaxPasswordBytes, 'x');
    const std::string hash = hash_password(longest);
    CHECK(verify_password(hash, longest) == Verdict::right);
    CHECK(verify_password(hash, longest + "x") == Verdict::wrong);
}

TEST_CASE("password: no more are computed at a time than there are cores", "[access]") {
    const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
    const std::string hash = hash_password(kPassword);
    // Each kind of computation as often, all at once, and three times as many as there is room for.
    const std::vector<std::function<void()>> kinds{
        [] { verify_nothing(kPassword); }, [] { static_cast<void>(hash_password(kPassword)); },
        [&] { static_cast<void>(verify_password(hash, "wrong")); },
        [] { static_cast<void>(verify_password("$2b$" + std::string(kBcryptTail), "wrong")); }};
    const std::size_t callers = 3 * std::max<std::size_t>(cores, kinds.size());
    std::latch all_there(static_cast<std::ptrdiff_t>(callers));
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < callers; ++i) {
        threads.emplace_back([&, i] {
            all_there.arrive_and_wait();
            kinds[i % kinds.size()]();
        });
    }
    threads.clear();
    CHECK(most_password_computations_at_once() >= 1);
    CHECK(most_password_computations_at_once() <= cores);
}

// The sanitizers reserve terabytes of addresses for themselves, and keep what was freed.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

/// Where in this process's memory `text` stands, given as its complement so that the search itself does not
/// hold it.
std::size_t copies_in_memory(const std::string& complement) {
    std::ifstream maps("/proc/self/maps");
    std::ifstream memory("/proc/self/mem", std::ios::binary);
    std::size_t copies = 0;
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words(line);
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = 0;
        std::string mode;
        if (!(words >> std::hex >> begin >> dash >> end >> mode) || !mode.starts_with("rw")) continue;
        std::vector<char> bytes(end - begin);
        memory.clear();
        memory.seekg(static_cast<std::streamoff>(begin));
        memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        bytes.resize(static_cast<std::size_t>(memory.gcount()));
        const auto same = [](char byte, char flipped) { return byte == static_cast<char>(~flipped); };
        for (auto at = bytes.begin();; ++at, ++copies) {
            at = std::search(at, bytes.end(), complement.begin(), complement.end(), same);
            if (at == bytes.end()) break;
        }
    }
    return copies;
}

std::size_t kibibytes_now(const std::string& key) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::size_t value = 0;
        if (word == key && status >> value) return value;
    }
    return 0;
}

std::string complement_of(const char* text) {
    std::string flipped;
    for (; *text != 0; ++text) flipped += static_cast<char>(~*text);
    return flipped;
}

/// In a process of its own that has room for a few megabytes: the error it ends with, or 0.
template <typename Work>
int error_without_memory(const Work& work) {
    const pid_t child = fork();
    if (child == 0) {
        const rlimit limit{(kibibytes_now("VmSize:") << 10U) + (16U << 20U), RLIM_INFINITY};
        setrlimit(RLIMIT_AS, &limit);
        int code = 0;
        try {
            work();
        } catch (const Error& error) {
            code = static_cast<int>(error.code()) + 1;
            if (error.info().retry != Retry::later) code = 255;
        }
        _exit(code);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("password: too little memory is no wrong password and no weaker hash, but a matter of time",
          "[access]") {
    constexpr int kLater = static_cast<int>(ErrorCode::too_many_requests) + 1;
    const std::string stored = hash_password(kPassword);
    CHECK(error_without_memory([] { static_cast<void>(hash_password(kPassword)); }) == kLater);
    CHECK(error_without_memory([&] { static_cast<void>(verify_password(stored, kPassword)); }) == kLater);
    CHECK(error_without_memory([&] { static_cast<void>(verify_password(stored, "wrong")); }) == kLater);
    CHECK(error_without_memory([] { verify_nothing(kPassword); }) == kLater);
    CHECK(error_without_memory([] { static_cast<void>(verify_password(kWeak, "wrong")); }) == 0);
}

TEST_CASE("password: nothing of it is left in memory once it was hashed or compared", "[access]") {
    // Both halves are searched for: what is shorter than a machine's register or a block may stay behind in
    // part.
    constexpr const char* kSecret = "Zwetschge\x1f Kr\xC3\xA4hwinkel \x1fTurmuhr und mehr davon";
    const std::string first = complement_of(kSecret).substr(0, 16);
    const std::string second = complement_of(kSecret).substr(16, 16);
    REQUIRE(copies_in_memory(first) == 0);  // A constant stands in memory that is only read.
    {
        const Secret secret{std::string_view(kSecret)};
        CHECK(copies_in_memory(first) == 1);
        const std::string hash = hash_password(secret.view());
        CHECK(verify_password(hash, secret.view()) == Verdict::right);
        CHECK(verify_password(std::string("$2b$") + kBcryptTail, secret.view()) == Verdict::wrong);
        verify_nothing(secret.view());
    }
    CHECK(copies_in_memory(first) == 0);
    CHECK(copies_in_memory(second) == 0);
}
#endif
