#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Passwords as they are kept. At most one computation per core runs at a time: each takes 64 MiB.
namespace findme::access {

/// What stands in the place of a hash while there is no password; no input fits it.
inline constexpr std::string_view kNoPassword = "!";
/// Longer input is no password: neither set nor compared.
inline constexpr std::size_t kMaxPasswordBytes = 1024;

// @source libsodium 1.0.18, crypto_pwhash_argon2id.h: OPSLIMIT_INTERACTIVE and MEMLIMIT_INTERACTIVE, above
// OWASP's floor of 19 MiB with two passes (Password Storage Cheat Sheet, 2026).
inline constexpr unsigned long long kArgon2Passes = 2;
inline constexpr std::size_t kArgon2MemoryBytes = 67'108'864;

/// Argon2id with a salt of its own, as a PHC string, of the password's NFC form; of bytes that are no UTF-8
/// as they are.
/// @errors throws Error{too_many_requests} when there is not enough memory: never a weaker hash.
/// @threads safe.
[[nodiscard]] std::string hash_password(std::string_view password);

enum class Verdict {
    right,
    right_upgrade,  ///< And the hash should be exchanged for a better one.
    wrong,
};

/// Whether a password belongs to what is stored, instead of kNoPassword or anything else that is no hash.
[[nodiscard]] bool is_password_hash(std::string_view stored);

/// Compares with an Argon2id hash or with one of the old service's bcrypt hashes ($2a$, $2b$, $2y$), in
/// constant time.
/// @errors as hash_password().
/// @threads safe.
[[nodiscard]] Verdict verify_password(const std::string& stored, std::string_view password);

/// The work of a comparison where there is nothing to compare with, so that nobody can tell from the time it
/// takes.
void verify_nothing(std::string_view password);

/// How many of these computations there were in this process.
[[nodiscard]] std::uint64_t password_computations();
/// The most of them that ever ran at the same time in this process.
[[nodiscard]] unsigned most_password_computations_at_once();

}  // namespace findme::access
