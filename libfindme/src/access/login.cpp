#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "access/account_lookup.hpp"
#include "access/journal.hpp"
#include "access/parts.hpp"
#include "access/password_hash.hpp"
#include "db/retry.hpp"
#include "findme/account.hpp"

namespace findme {
namespace {

/// How long nothing is taken after so many wrong passwords in a row: the first few cost nothing, then the
/// wait doubles up to a quarter of an hour. Not longer: whoever wants to keep the owner out has only to
/// guess, and the way back in is a token.
std::chrono::seconds delay_after(std::int64_t failures) {
    constexpr std::int64_t kFree = 4;
    constexpr std::int64_t kMostDoublings = 10;
    constexpr std::chrono::seconds kLongest = std::chrono::minutes{15};
    if (failures <= kFree) return std::chrono::seconds{0};
    const auto doublings = std::min(failures - kFree - 1, kMostDoublings);
    return std::min(std::chrono::seconds{std::int64_t{1} << doublings}, kLongest);
}

/// What refuses an account before its password is looked at; empty when nothing does.
std::string_view early_rule(const access::LoginLookup& lookup, Timestamp now) {
    if (!lookup.found) return lookup.rule;
    const Account& account = lookup.found->account;
    if (!account.is_active) return "disabled";
    if (!account.has_password) return "no_password";
    if (account.blocked_until && *account.blocked_until > now) return "blocked";
    return {};
}

/// A login as it was judged, before anything of it is written.
struct Judgement {
    access::LoginLookup lookup;
    std::string_view rule;  ///< That refuses; empty for a right password.
    std::string better_hash;
};

Judgement judge(const access::Parts& parts, const LoginRequest& request) {
    Timestamp now;
    Judgement judgement;
    judgement.lookup = db::fetch_retrying(*parts.database, [&](db::Connection& connection) {
        now = connection.now();
        return access::find_login(connection, request.name, request.event_code);
    });
    judgement.rule = early_rule(judgement.lookup, now);
    // Whatever the answer will be, it costs the same work.
    if (!judgement.rule.empty()) {
        access::verify_nothing(request.password.view());
        return judgement;
    }
    const auto verdict =
        access::verify_password(judgement.lookup.found->password_hash, request.password.view());
    if (verdict == access::Verdict::wrong) judgement.rule = "wrong_password";
    if (verdict == access::Verdict::right_upgrade)
        judgement.better_hash = access::hash_password(request.password.view());
    return judgement;
}

/// Counts a refusal. What came during a block counts too, but does not prolong it: else somebody else's
/// guesses would keep the owner out without an end.
void write_refusal(db::Connection& connection, const access::Parts& parts, const Judgement& judgement) {
    db::Transaction transaction(connection, db::Access::write);
    std::string subject;
    if (const auto& found = judgement.lookup.found) {
        const AccountId id = found->account.id;
        subject = access::subject_of(id);
        store::AccountRepository accounts(connection);
        if (judgement.rule == "wrong_password" || judgement.rule == "blocked") {
            const std::int64_t failures = accounts.count_failed_login(id);
            const auto delay = delay_after(failures);
            if (judgement.rule == "wrong_password" && delay.count() > 0)
                accounts.block_until(id, connection.now() + delay);
        }
    }
    access::record(connection, parts, "login.refused", subject, "rule=" + std::string(judgement.rule));
    transaction.commit();
}

/// @return false when the account was disabled or blocked, or its password changed, since it was looked at.
bool write_success(db::Connection& connection, const access::Parts& parts, const Judgement& judgement) {
    const auto& found = *judgement.lookup.found;
    const AccountId id = found.account.id;
    db::Transaction transaction(connection, db::Access::write);
    store::AccountRepository accounts(connection);
    if (!accounts.hold(id)) return false;
    const auto present = accounts.find(id);
    const bool same = present && present->account.is_active &&
                      present->account.session_version == found.account.session_version &&
                      !(present->account.blocked_until && *present->account.blocked_until > connection.now());
    if (!same) return false;
    accounts.forgive_failed_logins(id);
    if (!judgement.better_hash.empty())
        accounts.upgrade_password(id, found.password_hash, judgement.better_hash);
    access::record(connection, parts, "login.accepted", access::subject_of(id));
    transaction.commit();
    return true;
}

}  // namespace

Account Accounts::verify(const LoginRequest& request) {
    Judgement judgement = judge(*parts_, request);
    if (judgement.rule.empty()) {
        const bool accepted = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
            return write_success(connection, *parts_, judgement);
        });
        if (accepted) {
            access::report(*parts_, LogLevel::info, "login_accepted",
                           access::subject_of(judgement.lookup.found->account.id));
            return find(judgement.lookup.found->account.id);
        }
        judgement.rule = "changed_meanwhile";
    }
    db::run_retrying(*parts_->database,
                     [&](db::Connection& connection) { write_refusal(connection, *parts_, judgement); });
    const auto& found = judgement.lookup.found;
    access::report(*parts_, LogLevel::info, "login_refused",
                   found ? access::subject_of(found->account.id) : std::string(), judgement.rule);
    throw Error(
        ErrorCode::login_refused,
        "the login is refused: name, event and password do not fit together, or the account is closed or"
        " waits after too many attempts");
}

}  // namespace findme
