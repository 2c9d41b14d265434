#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findme/clock.hpp"
#include "findme/export.hpp"
#include "findme/ids.hpp"
#include "findme/secret.hpp"

namespace findme {

namespace access {
struct Parts;
}

inline constexpr std::chrono::minutes kDefaultTokenLifetime{30};
inline constexpr std::chrono::minutes kMaxTokenLifetime{24 * 60};

/// A token that can be shown this once: only its hash is kept.
struct IssuedToken {
    Secret token;  ///< `fmr_`, 43 base62 characters of 256 random bits, 6 of a checksum.
    Timestamp expires_at;
};

enum class TokenState { open, used, voided, expired };
/// `open`, `used`, `voided`, `expired`.
FINDME_API std::string_view to_string(TokenState state) noexcept;

struct Token {
    TokenId id;
    AccountId account;
    TokenState state = TokenState::open;  ///< By the database's clock.
    Timestamp created_at;
    Timestamp expires_at;
    std::optional<Timestamp> used_at;
};

enum class UnknownAccount {
    hide,    ///< A token comes back that opens nothing: from outside all looks the same.
    refuse,  ///< For operators who want to know.
};

/// Password-reset tokens: shown once, kept as a hash, expiring, for a single use. Thread-safe.
class FINDME_API Tokens {
  public:
    explicit Tokens(std::shared_ptr<const access::Parts> parts);
    ~Tokens();

    /// Voids the account's older tokens; nothing else about the account changes until the new one is
    /// redeemed.
    /// @param name  a username or an e-mail; event_code as for LoginRequest.
    /// @errors throws Error{invalid_argument} for a lifetime beyond kMaxTokenLifetime; with
    /// UnknownAccount::refuse
    ///         Error{not_found}, and Error{too_many_requests} after 5 tokens in one hour.
    IssuedToken issue(std::string_view name, std::string_view event_code, std::chrono::minutes lifetime,
                      UnknownAccount unknown = UnknownAccount::hide);
    /// Sets a new password, ends the account's sessions and voids its other tokens, in one transaction; of
    /// several who redeem one token at once, one wins.
    /// @errors throws Error{token_refused}, the same for a token that is mistyped, unknown, used, voided or
    /// expired;
    ///         Error{password_refused}, which leaves the token open.
    AccountId redeem(const Secret& token, const Secret& password);
    /// Newest first; of one account, or of all.
    [[nodiscard]] std::vector<Token> list(std::optional<AccountId> account);
    /// @errors throws Error{not_found} when there is no open token of this id.
    void revoke(TokenId id);
    /// Removes tokens that ended more than `keep` ago.
    /// @return how many.
    /// @errors throws Error{clocks_differ}.
    std::int64_t prune(std::chrono::hours keep = std::chrono::hours{24 * 30});

  private:
    std::shared_ptr<const access::Parts> parts_;
};

}  // namespace findme
