#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"
#include "findme/account.hpp"

namespace findme::store {

/// An account with what only the login check sees.
struct AccountRecord {
    Account account;
    std::string password_hash;
};

struct NewAccount {
    std::string username;
    std::string email;
    Role role = Role::guest;
    std::optional<EventId> event;
    std::string password_hash;
    Timestamp created_at;
};

/// Rows of users and user_events. A guest whose row names no event (the service's release v87 writes them so)
/// belongs to the event joined first. Borrows the connection; one thread at a time; transactions are the
/// caller's.
/// @errors every call throws Error{store_*}; Error{store_corrupt} for a row that cannot be read.
class AccountRepository {
  public:
    explicit AccountRepository(db::Connection& connection) : connection_(connection) {}

    /// A guest joins the own event with it.
    /// @errors throws Error{already_exists} when username or e-mail is taken; the subject says which.
    [[nodiscard]] AccountId insert(const NewAccount& account);
    /// Whether the scope (an event's guests, or the staff) knows the name already.
    [[nodiscard]] bool is_username_taken(const std::string& username, std::optional<EventId> event);
    [[nodiscard]] bool is_email_taken(const std::string& email, std::optional<EventId> event);
    [[nodiscard]] bool has_admin();
    /// Lets no other transaction write to the audit, and so change any account, before this one ends.
    void hold_audit();

    [[nodiscard]] std::optional<AccountRecord> find(AccountId id);
    /// All accounts with this username or, without regard to case, this e-mail; in order of id.
    [[nodiscard]] std::vector<AccountRecord> find_named(const std::string& name);
    [[nodiscard]] std::vector<Account> list(const AccountQuery& query);
    /// The own event first, then those joined, in the order they were joined.
    [[nodiscard]] std::vector<EventId> events_of(AccountId id);

    /// Keeps others from changing or removing the account before this transaction ends.
    /// @return false when it is no longer there.
    [[nodiscard]] bool hold(AccountId id);
    /// Also ends the sessions and lifts a block; tokens are the token repository's to void.
    void set_password(AccountId id, const std::string& password_hash);
    /// Exchanges a hash for a better one of the same password, unless the password was changed meanwhile.
    void upgrade_password(AccountId id, const std::string& from, const std::string& to);
    /// Disabling ends the sessions.
    void set_active(AccountId id, bool is_active);
    /// @return wrong passwords in a row, this one counted.
    [[nodiscard]] std::int64_t count_failed_login(AccountId id);
    /// Only ever later.
    void block_until(AccountId id, Timestamp until);
    void forgive_failed_logins(AccountId id);
    /// @return false when the guest had joined already.
    [[nodiscard]] bool join(AccountId id, EventId event, Timestamp when);

  private:
    db::Connection& connection_;
};

}  // namespace findme::store
