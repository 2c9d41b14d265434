#include <string>
#include <utility>

#include "access/account_lookup.hpp"
#include "access/clocks.hpp"
#include "access/journal.hpp"
#include "access/new_token.hpp"
#include "access/parts.hpp"
#include "access/password_hash.hpp"
#include "access/password_policy.hpp"
#include "access/token_text.hpp"
#include "db/retry.hpp"
#include "findme/error.hpp"
#include "store/account_repository.hpp"
#include "store/token_repository.hpp"

namespace findme {
namespace {

using store::TokenFate;

constexpr std::int64_t kMostPerHour = 5;

std::string_view rule_of(TokenFate fate) {
    switch (fate) {
        case TokenFate::open:
            return "open";
        case TokenFate::used:
            return "used";
        case TokenFate::voided:
            return "voided";
        case TokenFate::expired:
            return "expired";
        case TokenFate::unknown:
            return "unknown";
        case TokenFate::inactive:
            return "inactive";
    }
    return "unknown";
}

[[noreturn]] void refuse(const access::Parts& parts, AccountId account, std::string_view rule) {
    const std::string subject = account.value == 0 ? std::string() : access::subject_of(account);
    db::run_retrying(*parts.database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        access::record(connection, parts, "token.refused", subject, "rule=" + std::string(rule));
        transaction.commit();
    });
    access::report(parts, LogLevel::info, "token_refused", subject, rule);
    throw Error(ErrorCode::token_refused,
                "the token is refused: it is mistyped, used, voided or expired; ask for a new one");
}

/// A token, or the reason why there is none.
struct Issue {
    std::optional<IssuedToken> token;
    std::string_view rule;
    std::string subject;
};

Issue try_to_issue(db::Connection& connection, const access::Parts& parts, std::string_view name,
                   std::string_view event_code, std::chrono::minutes lifetime) {
    const auto lookup = access::find_login(connection, name, event_code);
    if (!lookup.found) return {std::nullopt, lookup.rule, {}};
    const AccountId id = lookup.found->account.id;
    Issue issue{std::nullopt, {}, access::subject_of(id)};
    db::Transaction transaction(connection, db::Access::write);
    store::AccountRepository accounts(connection);
    if (!accounts.hold(id)) return {std::nullopt, "unknown_account", {}};
    const auto present = accounts.find(id);
    store::TokenRepository tokens(connection);
    if (!present || !present->account.is_active) {
        issue.rule = "disabled";
    } else if (tokens.count_since(id, connection.now() - std::chrono::hours{1}) >= kMostPerHour) {
        issue.rule = "too_many";
    } else {
        issue.token = access::new_token(connection, id, lifetime);
        access::record(connection, parts, "token.issued", issue.subject);
        transaction.commit();
    }
    return issue;
}

}  // namespace

std::string_view to_string(TokenState state) noexcept {
    switch (state) {
        case TokenState::open:
            return "open";
        case TokenState::used:
            return "used";
        case TokenState::voided:
            return "voided";
        case TokenState::expired:
            return "expired";
    }
    return "expired";
}

Tokens::Tokens(std::shared_ptr<const access::Parts> parts) : parts_(std::move(parts)) {}
Tokens::~Tokens() = default;

IssuedToken Tokens::issue(std::string_view name, std::string_view event_code, std::chrono::minutes lifetime,
                          UnknownAccount unknown) {
    if (lifetime < std::chrono::minutes{1} || lifetime > kMaxTokenLifetime)
        throw Error(ErrorCode::invalid_argument, "a token lives from one minute to 24 hours");
    Issue issue;
    db::run_retrying(*parts_->database, [&](db::Connection& connection) {
        issue = try_to_issue(connection, *parts_, name, event_code, lifetime);
    });
    if (issue.token) {
        access::report(*parts_, LogLevel::info, "token_issued", issue.subject);
        return std::move(*issue.token);
    }
    Timestamp now;
    db::run_retrying(*parts_->database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        now = connection.now();
        access::record(connection, *parts_, "token.not_issued", issue.subject,
                       "rule=" + std::string(issue.rule));
        transaction.commit();
    });
    access::report(*parts_, LogLevel::info, "token_not_issued", issue.subject, issue.rule);
    // From outside it looks like any other; there is nothing that it opens.
    if (unknown == UnknownAccount::hide) return {access::generate_token(), now + lifetime};
    if (issue.rule == "too_many")
        throw Error({ErrorCode::too_many_requests,
                     "the account got 5 tokens within the last hour: wait, or use one of them",
                     {},
                     Retry::later});
    throw Error(ErrorCode::not_found, issue.rule == "disabled"
                                          ? "the account is disabled: `findme user enable` opens it"
                                          : "no single account that can log in has this name");
}

AccountId Tokens::redeem(const Secret& token, const Secret& password) {
    if (!access::is_well_formed(token.view())) refuse(*parts_, {}, "malformed");
    const ContentHash hash = access::token_hash(token.view());
    store::TokenLookup lookup;
    std::vector<std::string> context;
    db::run_retrying(*parts_->database, [&](db::Connection& connection) {
        lookup = store::TokenRepository(connection).find(hash, connection.now());
        if (const auto found = store::AccountRepository(connection).find(lookup.account))
            context = access::context_words(connection, found->account);
    });
    if (lookup.fate != TokenFate::open) refuse(*parts_, lookup.account, rule_of(lookup.fate));
    access::require_good_password(password.view(), context);

    const std::string password_hash = access::hash_password(password.view());
    const auto account =
        db::fetch_retrying(*parts_->database, [&](db::Connection& connection) -> std::optional<AccountId> {
            db::Transaction transaction(connection, db::Access::write);
            store::AccountRepository accounts(connection);
            // The account first, as everywhere: no two transactions wait for each other.
            if (!accounts.hold(lookup.account)) return std::nullopt;
            const auto present = accounts.find(lookup.account);
            if (!present || !present->account.is_active) return std::nullopt;
            store::TokenRepository tokens(connection);
            const Timestamp now = connection.now();
            const auto winner = tokens.use(hash, now);
            if (!winner) return std::nullopt;
            accounts.set_password(*winner, password_hash);
            tokens.void_all(*winner, now);
            access::record(connection, *parts_, "token.redeemed", access::subject_of(*winner));
            transaction.commit();
            return winner;
        });
    if (!account) refuse(*parts_, lookup.account, "used");
    access::report(*parts_, LogLevel::info, "token_redeemed", access::subject_of(*account));
    return *account;
}

std::vector<Token> Tokens::list(std::optional<AccountId> account) {
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::TokenRepository(connection).list(account, connection.now());
    });
}

void Tokens::revoke(TokenId id) {
    db::run_retrying(*parts_->database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        const auto account = store::TokenRepository(connection).revoke(id, connection.now());
        if (!account)
            throw Error(ErrorCode::not_found,
                        "there is no open token " + std::to_string(id.value) + ": see `findme token list`");
        access::record(connection, *parts_, "token.revoked", access::subject_of(*account),
                       "token=" + std::to_string(id.value));
        transaction.commit();
    });
}

std::int64_t Tokens::prune(std::chrono::hours keep) {
    if (keep < std::chrono::hours{1})
        throw Error(ErrorCode::invalid_argument,
                    "tokens are kept for at least an hour: their issue is counted");
    access::require_agreed_clocks(*parts_);
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        const auto pruned = store::TokenRepository(connection).prune(connection.now() - keep);
        if (pruned > 0)
            access::record(connection, *parts_, "token.pruned", {}, "tokens=" + std::to_string(pruned));
        transaction.commit();
        return pruned;
    });
}

}  // namespace findme
