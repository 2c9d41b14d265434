#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "db/connection.hpp"
#include "findme/token.hpp"

namespace findme::store {

/// What a token is, by the database's clock; `inactive` that of a disabled account.
enum class TokenFate { open, used, voided, expired, unknown, inactive };

struct TokenLookup {
    TokenFate fate = TokenFate::unknown;
    AccountId account;
};

/// Reset tokens as they are kept: by their hash. Borrows the connection; one thread at a time; transactions
/// are the caller's.
/// @errors every call throws Error{store_*}.
class TokenRepository {
  public:
    explicit TokenRepository(db::Connection& connection) : connection_(connection) {}

    [[nodiscard]] TokenId insert(AccountId account, const ContentHash& hash, Timestamp now,
                                 Timestamp expires_at);
    [[nodiscard]] TokenLookup find(const ContentHash& hash, Timestamp now);
    /// Uses the token up: of all who try at once, one gets the account.
    [[nodiscard]] std::optional<AccountId> use(const ContentHash& hash, Timestamp now);
    /// Of findme's own tokens and of those the old service keeps readable.
    void void_all(AccountId account, Timestamp now);
    /// How many were issued after `since`.
    [[nodiscard]] std::int64_t count_since(AccountId account, Timestamp since);
    /// Newest first.
    [[nodiscard]] std::vector<Token> list(std::optional<AccountId> account, Timestamp now);
    /// @return whose it was; nothing when there is no open token of this id.
    [[nodiscard]] std::optional<AccountId> revoke(TokenId id, Timestamp now);
    /// Removes tokens that ended before `before`.
    [[nodiscard]] std::int64_t prune(Timestamp before);

  private:
    db::Connection& connection_;
};

}  // namespace findme::store
