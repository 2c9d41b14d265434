#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "findme/clock.hpp"
#include "findme/erasure.hpp"
#include "findme/error.hpp"
#include "findme/export.hpp"
#include "findme/face.hpp"
#include "findme/ids.hpp"
#include "findme/match.hpp"
#include "findme/secret.hpp"
#include "findme/token.hpp"

namespace findme {

namespace access {
struct Parts;
}

enum class Role { guest, photographer, admin };
/// `guest`, `photographer`, `admin`.
FINDME_API std::string_view to_string(Role role) noexcept;
/// @errors invalid_argument. `user`, the database's word, is a guest too.
FINDME_API Result<Role> role_from_string(std::string_view text);

/// Guests belong to one event and are unique within it; staff (photographers, admins) belong to none and are
/// unique among themselves.
struct Account {
    AccountId id;
    std::string username;  ///< UTF-8, NFC.
    std::string email;     ///< As it was given; compared without regard to case.
    Role role = Role::guest;
    std::optional<EventId> event;  ///< A guest's own event.
    bool is_active = true;
    bool has_password = false;  ///< False until a token was redeemed or a password was set.
    std::optional<Timestamp> created_at;
    std::int64_t session_version = 0;  ///< Sessions that were made under another one are over.
    std::int64_t failed_logins = 0;    ///< Wrong passwords in a row.
    std::optional<Timestamp> blocked_until;
    std::int64_t selfies = 0;  ///< References that are kept.
};

/// Everything a new account is made from.
struct Registration {
    std::string username;
    std::string email;
    Role role = Role::guest;
    std::string event_code;            ///< A guest's event, any spelling; empty for staff.
    std::optional<Secret> password;    ///< None: a one-time token is issued instead.
    std::vector<std::string> selfies;  ///< Files that show the guest; read, judged, not kept.
    std::string consent_version;       ///< Of the text the guest agreed to; needed with selfies.
    bool with_token = true;            ///< Without a password; false: a token can be issued later.
    bool only_if_first = false;        ///< An admin, and only while there is none.
    std::int64_t line = 0;             ///< Where it came from, for messages; 0: nowhere in particular.
};

struct Registered {
    Account account;
    std::optional<IssuedToken> token;  ///< When no password was given.
    std::vector<SelfieCheck> selfies;
};

enum class ImportMode {
    all_or_nothing,
    what_is_good,  ///< Writes the good ones and reports the others.
    check_only,    ///< Writes nothing.
};

struct ImportReport {
    std::vector<Registered> added;
    std::vector<ErrorInfo> refused;    ///< The subject is the line.
    std::optional<ErrorInfo> failure;  ///< Of the database, which ended it early: what was added stays.
    bool cancelled = false;            ///< Stopped early: what was added stays, the others were not tried.
};

struct AccountQuery {
    std::optional<EventId> event;  ///< Guests of it, and guests who joined it.
    std::optional<Role> role;
    AccountId after;         ///< Higher ids only.
    std::int64_t limit = 0;  ///< 0: all.
};

struct LoginRequest {
    std::string name;        ///< Username or e-mail.
    std::string event_code;  ///< A guest's event; empty: staff first, then the only guest of that name.
    Secret password;
};

/// A reference of an account: how good it is, never what it is.
struct Selfie {
    SelfieId id;
    AccountId account;
    ModelId model;
    FaceQuality quality;
    std::string consent_version;
    Timestamp consented_at;
    Timestamp created_at;
};

struct SelfiesAdded {
    std::vector<SelfieCheck> checks;
    std::vector<Selfie> added;  ///< All of them, or none when one was refused.
};

struct AccountRemoval {
    std::optional<AccountId> reassign_to;  ///< Takes over a photographer's events.
    bool dry_run = false;
};

/// Accounts of one database. Every change is one transaction together with its entry in the audit.
/// Thread-safe.
class FINDME_API Accounts {
  public:
    explicit Accounts(std::shared_ptr<const access::Parts> parts);
    ~Accounts();

    /// The one way in: checks everything, reports all problems together (ErrorInfo::problems), and writes
    /// only when all is well.
    /// @errors throws Error{invalid_argument, already_exists, not_found, retention_expired, no_face, ...}:
    /// the code of
    ///         the gravest problem; Error{store_*, model_*}.
    Registered add(Registration registration);
    /// @param  stop  ends it between two of them; ImportMode::all_or_nothing then leaves nothing behind.
    /// @errors as add(), in the report; throws Error{store_*}.
    ImportReport import(std::vector<Registration> registrations, ImportMode mode,
                        const std::stop_token& stop = {});

    /// @param reference  a username, an e-mail or `id:12`.
    /// @param event_code  narrows the search to an event's guests; empty: all accounts.
    /// @errors throws Error{not_found}, Error{invalid_argument} when several accounts fit, with their ids.
    [[nodiscard]] Account find(std::string_view reference, std::string_view event_code = {});
    [[nodiscard]] Account find(AccountId id);
    /// In order of id.
    [[nodiscard]] std::vector<Account> list(const AccountQuery& query);
    /// Events a guest may be matched in: the own one first, then those joined.
    [[nodiscard]] std::vector<EventId> events_of(AccountId id);

    /// The login check. Unknown account, wrong password and disabled account are answered alike, after the
    /// same work; which rule refused is in the log and the audit.
    /// @errors throws Error{login_refused}.
    Account verify(const LoginRequest& request);
    /// Ends all sessions, voids all tokens and lifts a block.
    /// @errors throws Error{password_refused} with all reasons, Error{not_found}.
    void set_password(AccountId id, const Secret& password);
    /// A disabled account cannot log in, its sessions and tokens are over; it keeps what it has.
    void set_active(AccountId id, bool is_active);
    /// A guest may join further events.
    /// @errors throws Error{not_found, invalid_argument, retention_expired, retention_undecided}; joining
    /// again changes nothing.
    void join(AccountId id, std::string_view event_code);

    /// All selfies or, when one of them is refused, none.
    /// @errors throws Error{not_found, invalid_argument, retention_expired, retention_undecided}.
    SelfiesAdded add_selfies(AccountId id, const std::vector<std::string>& files,
                             const std::string& consent_version);
    [[nodiscard]] std::vector<Selfie> selfies(AccountId id);
    /// Removes one reference, or all of them and the consent with the last; matches follow.
    /// @errors throws Error{not_found}, Error{clocks_differ}.
    ErasureReceipt remove_selfie(AccountId id, SelfieId selfie);
    ErasureReceipt remove_all_selfies(AccountId id);

    /// Removes the account and everything about it, in whatever table, and looks again.
    /// @errors throws Error{not_found}, Error{still_responsible} naming the events of a photographer that
    /// nobody takes
    ///         over, Error{clocks_differ}.
    ErasureReceipt remove(AccountId id, const AccountRemoval& removal = {});
    /// Everything held about one account, as one JSON object: every table that refers to it. Password hash
    /// and token hashes are named, not shown.
    [[nodiscard]] std::string export_json(AccountId id);

  private:
    std::shared_ptr<const access::Parts> parts_;
};

}  // namespace findme
