#include "store/token_repository.hpp"

#include "store/columns.hpp"

namespace findme::store {
namespace {

TokenState state_of(const Token& token, bool is_voided, Timestamp now) {
    if (token.used_at) return TokenState::used;
    if (is_voided) return TokenState::voided;
    return token.expires_at > now ? TokenState::open : TokenState::expired;
}

/// Columns: id, user_id, created_at, expires_at, used_at, voided_at.
Token read_token(const db::Row& row, Timestamp now) {
    Token token;
    token.id = TokenId{row.integer(0)};
    token.account = AccountId{row.integer(1)};
    token.created_at = read_time(row, 2).value_or(Timestamp{});
    token.expires_at = read_time(row, 3).value_or(Timestamp{});
    token.used_at = read_time(row, 4);
    token.state = state_of(token, !row.is_null(5), now);
    return token;
}

TokenFate fate_of(TokenState state) {
    switch (state) {
        case TokenState::open:
            return TokenFate::open;
        case TokenState::used:
            return TokenFate::used;
        case TokenState::voided:
            return TokenFate::voided;
        case TokenState::expired:
            return TokenFate::expired;
    }
    return TokenFate::unknown;
}

}  // namespace

TokenId TokenRepository::insert(AccountId account, const ContentHash& hash, Timestamp now,
                                Timestamp expires_at) {
    TokenId id;
    connection_.run(
        "INSERT INTO account_tokens (user_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4)"
        " RETURNING id",
        {account.value, to_bytes(hash), to_iso8601(now), to_iso8601(expires_at)},
        [&](const db::Row& row) { id.value = row.integer(0); });
    return id;
}

TokenLookup TokenRepository::find(const ContentHash& hash, Timestamp now) {
    TokenLookup found;
    connection_.run(
        "SELECT t.id, t.user_id, t.created_at, t.expires_at, t.used_at, t.voided_at, u.is_active"
        " FROM account_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = $1",
        {to_bytes(hash)}, [&](const db::Row& row) {
            const Token token = read_token(row, now);
            found.account = token.account;
            found.fate = fate_of(token.state);
            if (found.fate == TokenFate::open && read_integer_or_zero(row, 6) == 0)
                found.fate = TokenFate::inactive;
        });
    return found;
}

std::optional<AccountId> TokenRepository::use(const ContentHash& hash, Timestamp now) {
    std::optional<AccountId> account;
    connection_.run(
        "UPDATE account_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND voided_at IS "
        "NULL"
        " AND expires_at > $2 RETURNING user_id",
        {to_bytes(hash), to_iso8601(now)}, [&](const db::Row& row) { account = AccountId{row.integer(0)}; });
    return account;
}

void TokenRepository::void_all(AccountId account, Timestamp now) {
    connection_.run(
        "UPDATE account_tokens SET voided_at = $2 WHERE user_id = $1 AND used_at IS NULL AND voided_at IS "
        "NULL",
        {account.value, to_iso8601(now)});
    connection_.run("UPDATE password_reset_tokens SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
                    {account.value, to_iso8601(now)});
}

std::int64_t TokenRepository::count_since(AccountId account, Timestamp since) {
    std::int64_t rows = 0;
    connection_.run("SELECT count(*) FROM account_tokens WHERE user_id = $1 AND created_at > $2",
                    {account.value, to_iso8601(since)}, [&](const db::Row& row) { rows = row.integer(0); });
    return rows;
}

std::vector<Token> TokenRepository::list(std::optional<AccountId> account, Timestamp now) {
    std::vector<Token> tokens;
    connection_.run(
        "SELECT id, user_id, created_at, expires_at, used_at, voided_at FROM account_tokens"
        " WHERE $1 = 0 OR user_id = $1 ORDER BY id DESC",
        {account.value_or(AccountId{0}).value},
        [&](const db::Row& row) { tokens.push_back(read_token(row, now)); });
    return tokens;
}

std::optional<AccountId> TokenRepository::revoke(TokenId id, Timestamp now) {
    std::optional<AccountId> account;
    connection_.run(
        "UPDATE account_tokens SET voided_at = $2 WHERE id = $1 AND used_at IS NULL AND voided_at IS NULL"
        " AND expires_at > $2 RETURNING user_id",
        {id.value, to_iso8601(now)}, [&](const db::Row& row) { account = AccountId{row.integer(0)}; });
    return account;
}

std::int64_t TokenRepository::prune(Timestamp before) {
    return connection_.run("DELETE FROM account_tokens WHERE coalesce(used_at, voided_at, expires_at) < $1",
                           {to_iso8601(before)});
}

}  // namespace findme::store
