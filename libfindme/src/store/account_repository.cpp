#include "store/account_repository.hpp"

#include <limits>

#include "base/text.hpp"
#include "findme/error.hpp"
#include "store/columns.hpp"

namespace findme::store {
namespace {

/// The database's words for roles.
std::string text_of(Role role) {
    return role == Role::guest ? "user" : std::string(to_string(role));
}

Role read_role(const db::Row& row, int column) {
    const auto role = role_from_string(row.text(column));
    if (!role) {
        throw Error(ErrorCode::store_corrupt, "the database is damaged: an account has the unknown role " +
                                                  base::quoted(row.text(column)));
    }
    return *role;
}

/// Of the account `u`: the event of the row or, for a guest without, the one joined first.
constexpr const char* kEvent =
    "coalesce(u.event_id, CASE WHEN u.user_type = 'user' THEN (SELECT j.event_id FROM user_events j"
    " WHERE j.user_id = u.id ORDER BY j.joined_at IS NULL, j.joined_at, j.id LIMIT 1) END)";

std::string select_accounts(const std::string& rest) {
    return std::string("SELECT u.id, u.username, u.email, u.user_type, ") + kEvent +
           ", u.is_active, u.created_at, u.session_version, u.failed_logins, u.blocked_until,"
           " (SELECT count(*) FROM selfies s WHERE s.user_id = u.id), u.hashed_password FROM users u " +
           rest;
}

/// Columns as select_accounts() has them.
AccountRecord read_account(const db::Row& row) {
    AccountRecord record;
    Account& account = record.account;
    account.id = AccountId{row.integer(0)};
    account.username = row.text(1);
    account.email = row.text(2);
    account.role = read_role(row, 3);
    if (!row.is_null(4)) account.event = EventId{row.integer(4)};
    account.is_active = read_integer_or_zero(row, 5) != 0;
    account.created_at = read_time(row, 6);
    account.session_version = row.integer(7);
    account.failed_logins = row.integer(8);
    account.blocked_until = read_time(row, 9);
    account.selfies = row.integer(10);
    record.password_hash = row.text(11);
    account.has_password = record.password_hash.starts_with('$');
    return record;
}

db::Value event_value(std::optional<EventId> event) {
    return event ? db::Value{event->value} : db::Value{};
}

/// A scope as the unique indexes have it.
std::int64_t scope_value(std::optional<EventId> event) {
    constexpr std::int64_t kStaff = -1;
    return event ? event->value : kStaff;
}

bool any_row(db::Connection& connection, std::string_view sql, std::initializer_list<db::Value> parameters) {
    bool found = false;
    connection.run(sql, parameters, [&](const db::Row&) { found = true; });
    return found;
}

}  // namespace

AccountId AccountRepository::insert(const NewAccount& account) {
    AccountId id;
    try {
        connection_.run(
            "INSERT INTO users (username, email, hashed_password, user_type, event_id, is_active, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            {account.username, account.email, account.password_hash, text_of(account.role),
             event_value(account.event), std::int64_t{1}, to_iso8601(account.created_at)},
            [&](const db::Row& row) { id.value = row.integer(0); });
    } catch (const Error& error) {
        // Whoever came second is told by the unique indexes, whatever was looked up before.
        if (error.code() != ErrorCode::constraint) throw;
        const std::string& what = error.info().subject;
        if (what.find("email") != std::string::npos)
            throw Error(ErrorCode::already_exists, "the e-mail is taken: choose another", "email");
        if (what.find("username") != std::string::npos)
            throw Error(ErrorCode::already_exists, "the username is taken: choose another", "username");
        throw;
    }
    if (account.event) static_cast<void>(join(id, *account.event, account.created_at));
    return id;
}

bool AccountRepository::is_username_taken(const std::string& username, std::optional<EventId> event) {
    return any_row(connection_, "SELECT 1 FROM users WHERE username = $1 AND coalesce(event_id, -1) = $2",
                   {username, scope_value(event)});
}

bool AccountRepository::is_email_taken(const std::string& email, std::optional<EventId> event) {
    return any_row(connection_,
                   "SELECT 1 FROM users WHERE lower(email) = lower($1) AND coalesce(event_id, -1) = $2",
                   {email, scope_value(event)});
}

bool AccountRepository::has_admin() {
    return any_row(connection_, "SELECT 1 FROM users WHERE user_type = $1 LIMIT 1", {text_of(Role::admin)});
}

void AccountRepository::hold_audit() {
    connection_.run("UPDATE audit_head SET last_id = last_id WHERE id = 1");
}

std::optional<AccountRecord> AccountRepository::find(AccountId id) {
    std::optional<AccountRecord> found;
    connection_.run(select_accounts("WHERE u.id = $1"), {id.value},
                    [&](const db::Row& row) { found = read_account(row); });
    return found;
}

std::vector<AccountRecord> AccountRepository::find_named(const std::string& name) {
    std::vector<AccountRecord> found;
    connection_.run(select_accounts("WHERE u.username = $1 OR lower(u.email) = lower($1) ORDER BY u.id"),
                    {name}, [&](const db::Row& row) { found.push_back(read_account(row)); });
    return found;
}

std::vector<Account> AccountRepository::list(const AccountQuery& query) {
    std::vector<Account> found;
    std::string where = "WHERE u.id > $1";
    std::vector<db::Value> parameters{
        query.after.value, query.limit > 0 ? query.limit : std::numeric_limits<std::int64_t>::max()};
    const auto next = [&](db::Value value) {
        parameters.push_back(std::move(value));
        return "$" + std::to_string(parameters.size());
    };
    if (query.event) {
        const std::string event = next(query.event->value);
        where += " AND (u.event_id = " + event +
                 " OR EXISTS (SELECT 1 FROM user_events j WHERE j.user_id = u.id AND j.event_id = " + event +
                 "))";
    }
    if (query.role) where += " AND u.user_type = " + next(text_of(*query.role));
    connection_.run(select_accounts(where + " ORDER BY u.id LIMIT $2"), parameters,
                    [&](const db::Row& row) { found.push_back(read_account(row).account); });
    return found;
}

std::vector<EventId> AccountRepository::events_of(AccountId id) {
    std::vector<EventId> events;
    const auto add = [&](const db::Row& row) {
        const EventId event{row.integer(0)};
        for (const EventId known : events) {
            if (known == event) return;
        }
        events.push_back(event);
    };
    connection_.run("SELECT event_id FROM users WHERE id = $1 AND event_id IS NOT NULL", {id.value}, add);
    connection_.run(
        "SELECT event_id FROM user_events WHERE user_id = $1 ORDER BY joined_at IS NULL, joined_at, id",
        {id.value}, add);
    return events;
}

bool AccountRepository::hold(AccountId id) {
    // An update that changes nothing locks the row in every dialect.
    return connection_.run("UPDATE users SET session_version = session_version WHERE id = $1", {id.value}) ==
           1;
}

void AccountRepository::set_password(AccountId id, const std::string& password_hash) {
    connection_.run(
        "UPDATE users SET hashed_password = $2, failed_logins = 0, blocked_until = NULL,"
        " session_version = session_version + 1 WHERE id = $1",
        {id.value, password_hash});
}

void AccountRepository::upgrade_password(AccountId id, const std::string& from, const std::string& to) {
    connection_.run("UPDATE users SET hashed_password = $3 WHERE id = $1 AND hashed_password = $2",
                    {id.value, from, to});
}

void AccountRepository::set_active(AccountId id, bool is_active) {
    connection_.run("UPDATE users SET is_active = $2, session_version = session_version + $3 WHERE id = $1",
                    {id.value, std::int64_t{is_active ? 1 : 0}, std::int64_t{is_active ? 0 : 1}});
}

std::int64_t AccountRepository::count_failed_login(AccountId id) {
    std::int64_t failed = 0;
    connection_.run(
        "UPDATE users SET failed_logins = failed_logins + 1 WHERE id = $1 RETURNING failed_logins",
        {id.value}, [&](const db::Row& row) { failed = row.integer(0); });
    return failed;
}

void AccountRepository::block_until(AccountId id, Timestamp until) {
    connection_.run(
        "UPDATE users SET blocked_until = $2 WHERE id = $1 AND (blocked_until IS NULL OR blocked_until < $2)",
        {id.value, to_iso8601(until)});
}

void AccountRepository::forgive_failed_logins(AccountId id) {
    connection_.run(
        "UPDATE users SET failed_logins = 0, blocked_until = NULL"
        " WHERE id = $1 AND (failed_logins <> 0 OR blocked_until IS NOT NULL)",
        {id.value});
}

bool AccountRepository::join(AccountId id, EventId event, Timestamp when) {
    if (any_row(connection_, "SELECT 1 FROM user_events WHERE user_id = $1 AND event_id = $2",
                {id.value, event.value}))
        return false;
    connection_.run("INSERT INTO user_events (user_id, event_id, joined_at) VALUES ($1, $2, $3)",
                    {id.value, event.value, to_iso8601(when)});
    return true;
}

}  // namespace findme::store
