#include "access/password_hash.hpp"

#include <crypt.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <system_error>
#include <thread>

#include "base/unicode.hpp"
#include "findme/error.hpp"

namespace findme::access {
namespace {

// @source crypt(5): bcrypt looks at no more than 72 bytes, and ends at the first NUL.
constexpr std::size_t kBcryptBytes = 72;

constexpr std::size_t kKibibyte = 1024;

std::atomic<std::uint64_t> computations{0};
std::atomic<unsigned> running{0};
std::atomic<unsigned> most_running{0};

/// One computation per core: more at once only take each other's memory.
class Turnstile {
  public:
    Turnstile() {
        std::unique_lock lock(mutex());
        room().wait(lock, [] { return inside() < cores(); });
        ++inside();
    }
    Turnstile(const Turnstile&) = delete;
    Turnstile& operator=(const Turnstile&) = delete;
    ~Turnstile() {
        const std::lock_guard lock(mutex());
        --inside();
        room().notify_one();
    }

  private:
    static std::mutex& mutex() {
        static std::mutex mutex;
        return mutex;
    }
    static std::condition_variable& room() {
        static std::condition_variable room;
        return room;
    }
    static unsigned& inside() {
        static unsigned inside = 0;
        return inside;
    }
    static unsigned cores() {
        static const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
        return cores;
    }
};

/// A computation while it runs: counted, and let in when it is its turn. Its count of those that run does not
/// ask the turnstile, which it is there to judge.
class Computation {
  public:
    Computation() {
        ++computations;
        const unsigned now = ++running;
        for (unsigned seen = most_running; now > seen && !most_running.compare_exchange_weak(seen, now);) {
        }
    }
    Computation(const Computation&) = delete;
    Computation& operator=(const Computation&) = delete;
    ~Computation() { --running; }

  private:
    Turnstile turn_;
};

[[noreturn]] void throw_no_memory() {
    throw Error({ErrorCode::too_many_requests,
                 "there is not enough memory to check a password (64 MiB): try again later",
                 {},
                 Retry::later});
}

/// A copy of a password, wiped when it goes.
class Copy {
  public:
    explicit Copy(std::optional<std::string> (*form)(std::string_view), std::string_view password)
        : text_(form(password)) {
        if (!text_) text_.emplace(password);
    }
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;
    ~Copy() {
        std::string& text = *text_;
        sodium_memzero(text.data(), text.size());
    }
    [[nodiscard]] const std::string& text() const { return *text_; }

  private:
    std::optional<std::string> text_;
};

/// As it was typed; bcrypt wants a NUL behind it.
std::optional<std::string> as_it_is(std::string_view password) {
    return std::optional<std::string>(std::in_place, password);
}

/// A hash as it is stored: `$argon2id$v=19$m=KIBIBYTES,t=PASSES,p=1$SALT$DIGEST`.
struct Argon2 {
    std::uint64_t kibibytes = 0;
    std::uint64_t passes = 0;
    std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
    std::array<unsigned char, 32> digest{};
};

bool skip(std::string_view& rest, std::string_view text) {
    if (!rest.starts_with(text)) return false;
    rest.remove_prefix(text.size());
    return true;
}

bool read_number(std::string_view& rest, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return error == std::errc();
}

bool read_base64(std::string_view& rest, std::span<unsigned char> bytes) {
    std::size_t size = 0;
    const char* end = nullptr;
    const int failed = sodium_base642bin(bytes.data(), bytes.size(), rest.data(), rest.size(), nullptr, &size,
                                         &end, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    if (failed != 0 || size != bytes.size()) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return true;
}

std::optional<Argon2> read_argon2(std::string_view stored) {
    Argon2 read;
    const bool whole = skip(stored, "$argon2id$v=19$m=") && read_number(stored, read.kibibytes) &&
                       skip(stored, ",t=") && read_number(stored, read.passes) && skip(stored, ",p=1$") &&
                       read_base64(stored, read.salt) && skip(stored, "$") &&
                       read_base64(stored, read.digest) && stored.empty();
    constexpr std::uint64_t kMin = crypto_pwhash_MEMLIMIT_MIN / kKibibyte;
    const bool sound = whole && read.kibibytes >= kMin &&
                       read.kibibytes <= crypto_pwhash_MEMLIMIT_MAX / kKibibyte &&
                       read.passes >= crypto_pwhash_OPSLIMIT_MIN && read.passes <= crypto_pwhash_OPSLIMIT_MAX;
    return sound ? std::optional(read) : std::nullopt;
}

/// Not crypto_pwhash_str_verify(): it answers to a want of memory as to a wrong password.
bool argon2_equal(const Argon2& stored, const std::string& password) {
    const Computation computation;
    auto digest = stored.digest;
    if (crypto_pwhash(digest.data(), digest.size(), password.data(), password.size(), stored.salt.data(),
                      stored.passes, stored.kibibytes * kKibibyte, crypto_pwhash_ALG_ARGON2ID13) != 0)
        throw_no_memory();
    return sodium_memcmp(digest.data(), stored.digest.data(), digest.size()) == 0;
}

Verdict verify_argon2(const Argon2& stored, std::string_view password) {
    const Copy typed(base::nfc, password);
    if (!argon2_equal(stored, typed.text())) return Verdict::wrong;
    const bool is_strong_enough =
        stored.kibibytes * kKibibyte >= kArgon2MemoryBytes && stored.passes >= kArgon2Passes;
    return is_strong_enough ? Verdict::right : Verdict::right_upgrade;
}

bool bcrypt_equal(const std::string& stored, const std::string& password) {
    const Computation computation;
    const auto data = std::make_unique<crypt_data>();
    const char* hashed = crypt_r(password.c_str(), stored.c_str(), data.get());
    const bool equal = hashed != nullptr && std::strlen(hashed) == stored.size() &&
                       sodium_memcmp(hashed, stored.data(), stored.size()) == 0;
    sodium_memzero(data.get(), sizeof(crypt_data));
    return equal;
}

Verdict verify_bcrypt(const std::string& stored, std::string_view password) {
    // bcrypt would compare what stands before a NUL, and call that the password.
    if (password.find('\0') != std::string_view::npos) {
        verify_nothing(password);
        return Verdict::wrong;
    }
    const Copy raw(as_it_is, password);
    const Copy composed(base::nfc, password);
    const bool right = bcrypt_equal(stored, raw.text()) ||
                       (composed.text() != raw.text() && bcrypt_equal(stored, composed.text()));
    if (!right) return Verdict::wrong;
    // What bcrypt never saw must not become part of a hash that sees it.
    const bool was_whole = std::max(raw.text().size(), composed.text().size()) <= kBcryptBytes;
    return was_whole ? Verdict::right_upgrade : Verdict::right;
}

bool is_bcrypt(std::string_view stored) {
    return stored.starts_with("$2a$") || stored.starts_with("$2b$") || stored.starts_with("$2y$");
}

void prepare_sodium() {
    if (sodium_init() < 0) throw Error(ErrorCode::internal, "the system has no source of random numbers");
}

}  // namespace

std::string hash_password(std::string_view password) {
    prepare_sodium();
    const Copy typed(base::nfc, password);
    std::string hash(crypto_pwhash_STRBYTES, '\0');
    {
        const Computation computation;
        if (crypto_pwhash_str_alg(hash.data(), typed.text().data(), typed.text().size(), kArgon2Passes,
                                  kArgon2MemoryBytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
            throw_no_memory();
    }
    hash.resize(std::strlen(hash.c_str()));
    return hash;
}

Verdict verify_password(const std::string& stored, std::string_view password) {
    prepare_sodium();
    if (password.size() > kMaxPasswordBytes) {
        verify_nothing({});
        return Verdict::wrong;
    }
    if (is_bcrypt(stored)) return verify_bcrypt(stored, password);
    if (const auto argon2 = read_argon2(stored)) return verify_argon2(*argon2, password);
    verify_nothing(password);
    return Verdict::wrong;
}

void verify_nothing(std::string_view password) {
    prepare_sodium();
    // No input is known that gives a digest of zeros.
    const Argon2 nobody{kArgon2MemoryBytes / kKibibyte, kArgon2Passes, {}, {}};
    const Copy typed(base::nfc, password.size() <= kMaxPasswordBytes ? password : std::string_view());
    static_cast<void>(argon2_equal(nobody, typed.text()));
}

bool is_password_hash(std::string_view stored) {
    return is_bcrypt(stored) || read_argon2(stored).has_value();
}

std::uint64_t password_computations() {
    return computations;
}

unsigned most_password_computations_at_once() {
    return most_running;
}

}  // namespace findme::access
