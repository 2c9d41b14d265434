#include "access/registration.hpp"

#include <algorithm>
#include <array>

#include "access/account_lookup.hpp"
#include "access/journal.hpp"
#include "access/new_token.hpp"
#include "access/password_hash.hpp"
#include "access/password_policy.hpp"
#include "access/retention.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "db/retry.hpp"
#include "store/account_repository.hpp"
#include "store/event_repository.hpp"
#include "store/selfie_repository.hpp"

namespace findme::access {
namespace {

constexpr std::size_t kMaxUsernameBytes = 150;
// @source RFC 5321, 4.5.3.1.3: a path of 256 bytes with its two brackets.
constexpr std::size_t kMaxEmailBytes = 254;
constexpr std::size_t kMaxVersionBytes = 64;

/// Collects what is wrong with one registration.
class Problems {
  public:
    explicit Problems(std::vector<ErrorInfo>& list) : list_(list) {}
    void add(ErrorCode code, const std::string& field, const std::string& what) {
        list_.push_back({code, field + ": " + what, field});
    }

  private:
    std::vector<ErrorInfo>& list_;
};

/// Text that a column takes and a terminal can be shown.
bool is_plain(std::string_view text) {
    return base::is_valid_utf8(text) && !base::has_control_or_format(text);
}

void check_username(const Registration& registration, Problems& problems) {
    const std::string& name = registration.username;
    constexpr auto kCode = ErrorCode::invalid_argument;
    if (name.empty()) return problems.add(kCode, "username", "it is empty");
    if (name.size() > kMaxUsernameBytes) problems.add(kCode, "username", "it is longer than 150 bytes");
    if (!is_plain(name)) problems.add(kCode, "username", "it holds control characters or is not UTF-8");
    if (name.starts_with("id:"))
        problems.add(kCode, "username", "names that begin with id: mean an account's id");
    // Else one person's username could be another one's e-mail, and a login mean either.
    if (name.find('@') != std::string::npos &&
        base::to_lower_ascii(name) != base::to_lower_ascii(registration.email))
        problems.add(kCode, "username", "a name with @ is taken for an e-mail: leave the @ out");
}

void check_email(const std::string& email, Problems& problems) {
    constexpr auto kCode = ErrorCode::invalid_argument;
    if (email.empty()) return problems.add(kCode, "email", "it is empty");
    if (email.size() > kMaxEmailBytes) problems.add(kCode, "email", "it is longer than 254 bytes");
    const auto at = email.find('@');
    const bool is_address = at != std::string::npos && at > 0 && at + 1 < email.size() &&
                            email.find('@', at + 1) == std::string::npos &&
                            email.find(' ') == std::string::npos && is_plain(email);
    if (!is_address) problems.add(kCode, "email", "it is not of the form name@example.org");
}

void check_event(db::Connection& connection, Draft& draft, Problems& problems) {
    const Registration& registration = draft.registration;
    const bool has_code = !normalise_event_code(registration.event_code).empty();
    if (registration.role != Role::guest) {
        if (has_code)
            problems.add(ErrorCode::invalid_argument, "event", "photographers and admins belong to no event");
        return;
    }
    if (!has_code) return problems.add(ErrorCode::invalid_argument, "event", "a guest needs an event's code");
    if (is_plain(registration.event_code))
        draft.event = store::EventRepository(connection).find_by_code(registration.event_code);
    if (!draft.event)
        return problems.add(ErrorCode::not_found, "event",
                            "no event has the code " + base::quoted(registration.event_code));
    if (const auto refusal = closed(connection, *draft.event))
        problems.add(refusal->code, "event", refusal->message);
}

void check_taken(db::Connection& connection, const Draft& draft, Problems& problems) {
    store::AccountRepository accounts(connection);
    const Registration& registration = draft.registration;
    if (registration.only_if_first && accounts.has_admin())
        problems.add(ErrorCode::already_exists, "role", "there is an admin already: an admin makes others");
    // A guest whose event is not known is in no scope yet.
    if (registration.role == Role::guest && !draft.event) return;
    const auto event = draft.event ? std::optional(draft.event->id) : std::nullopt;
    const char* where = draft.event ? "taken in this event" : "taken";
    if (accounts.is_username_taken(registration.username, event))
        problems.add(ErrorCode::already_exists, "username", where);
    if (accounts.is_email_taken(registration.email, event))
        problems.add(ErrorCode::already_exists, "email", where);
}

void check_password(const Draft& draft, Problems& problems) {
    const Registration& registration = draft.registration;
    if (!registration.password) return;
    const auto context = context_words(registration.username, registration.email,
                                       draft.event ? draft.event->name : std::string());
    for (const auto& problem : password_problems(registration.password->view(), context))
        problems.add(ErrorCode::password_refused, "password", problem);
}

void check_selfies(const Parts& parts, Draft& draft, Problems& problems) {
    const Registration& registration = draft.registration;
    if (registration.selfies.empty()) return;
    if (registration.role != Role::guest)
        return problems.add(ErrorCode::invalid_argument, "selfie",
                            "only guests are looked for: leave it out");
    const std::string& version = registration.consent_version;
    if (version.empty())
        problems.add(ErrorCode::invalid_argument, "consent",
                     "say which text the guest agreed to: nothing is kept of a face without consent");
    if (version.size() > kMaxVersionBytes || !is_plain(version))
        problems.add(ErrorCode::invalid_argument, "consent", "a version is at most 64 bytes of plain text");
    draft.selfies = parts.selfie_judge->judge(registration.selfies);
    for (const auto& selfie : draft.selfies) {
        if (selfie.check.refused)
            problems.add(selfie.check.refused->code, "selfie", selfie.check.refused->message);
    }
}

std::vector<Template> templates_of(const Draft& draft) {
    std::vector<Template> templates;
    for (const auto& selfie : draft.selfies) templates.push_back(selfie.face_template);
    return templates;
}

void write_selfies(db::Connection& connection, const Parts& parts, const Draft& draft, AccountId id,
                   Timestamp now) {
    std::vector<store::NewSelfie> selfies;
    for (const auto& selfie : draft.selfies)
        selfies.push_back({parts.selfie_judge->model(), selfie.check.face.quality, selfie.face_template});
    store::SelfieRepository(connection)
        .add(id, {draft.registration.consent_version, now, parts.actor}, selfies);
    parts.event_matcher->rematch(connection, draft.event->id, id, draft.photos_near);
}

}  // namespace

Draft make_draft(const Parts& parts, Registration registration) {
    Draft draft;
    registration.username = normal_name(registration.username);
    registration.email = normal_name(registration.email);
    draft.registration = std::move(registration);
    Problems problems(draft.problems);
    check_username(draft.registration, problems);
    check_email(draft.registration.email, problems);
    if (draft.registration.only_if_first && draft.registration.role != Role::admin)
        problems.add(ErrorCode::invalid_argument, "role", "only an admin can be the first one");
    // What no column takes cannot be asked for either.
    const bool askable = draft.problems.empty();
    db::run_retrying(*parts.database, [&](db::Connection& connection) {
        std::vector<ErrorInfo> found;
        Problems asked(found);
        draft.event.reset();
        check_event(connection, draft, asked);
        if (askable) check_taken(connection, draft, asked);
        draft.problems.insert(draft.problems.end(), found.begin(), found.end());
    });
    check_password(draft, problems);
    check_selfies(parts, draft, problems);
    if (!draft.problems.empty()) return draft;

    const auto& password = draft.registration.password;
    draft.password_hash = password ? hash_password(password->view()) : std::string(kNoPassword);
    if (!draft.selfies.empty()) {
        draft.photos_near = db::fetch_retrying(*parts.database, [&](db::Connection& connection) {
            return parts.event_matcher->photos_near(connection, draft.event->id, templates_of(draft));
        });
    }
    return draft;
}

Registered write_draft(db::Connection& connection, const Parts& parts, const Draft& draft) {
    const Registration& registration = draft.registration;
    store::AccountRepository accounts(connection);
    if (registration.only_if_first) {
        accounts
            .hold_audit();  // Of two first admins at the same moment one waits here, and then sees the other.
        if (accounts.has_admin())
            throw Error(ErrorCode::already_exists, "role: there is an admin already: an admin makes others",
                        "role");
    }
    const Timestamp now = parts.clock.now();
    const auto event = draft.event ? std::optional(draft.event->id) : std::nullopt;
    const AccountId id = accounts.insert(
        {registration.username, registration.email, registration.role, event, draft.password_hash, now});
    Registered registered;
    for (const auto& selfie : draft.selfies) registered.selfies.push_back(selfie.check);
    if (!draft.selfies.empty()) write_selfies(connection, parts, draft, id, now);
    if (!registration.password && registration.with_token)
        registered.token = new_token(connection, id, kMaxTokenLifetime);
    registered.account = accounts.find(id).value().account;

    return registered;
}

void record_draft(db::Connection& connection, const Parts& parts, const Draft& draft,
                  const Registered& registered) {
    const Registration& registration = draft.registration;
    const std::string subject = subject_of(registered.account.id);
    std::string detail = "role=" + std::string(to_string(registration.role));
    if (draft.event) detail += " event=" + std::to_string(draft.event->id.value);
    record(connection, parts, "user.added", subject, detail);
    if (!draft.selfies.empty())
        record(connection, parts, "consent.given", subject,
               "selfies=" + std::to_string(draft.selfies.size()));
    if (registered.token) record(connection, parts, "token.issued", subject);
}

ErrorInfo sum_up(const Draft& draft) {
    // The gravest first: what has to be asked for differently, then what may pass.
    constexpr std::array kGravest{ErrorCode::invalid_argument, ErrorCode::password_refused,
                                  ErrorCode::not_found, ErrorCode::retention_expired,
                                  ErrorCode::retention_undecided};
    ErrorInfo all = draft.problems.front();
    for (const ErrorCode code : kGravest) {
        const auto grave = std::find_if(draft.problems.begin(), draft.problems.end(),
                                        [&](const ErrorInfo& problem) { return problem.code == code; });
        if (grave == draft.problems.end()) continue;
        all.code = code;
        break;
    }
    if (all.code == ErrorCode::already_exists) {
        for (const auto& problem : draft.problems) {
            if (problem.code != ErrorCode::already_exists) all.code = problem.code;
        }
    }
    const bool from_file = draft.registration.line > 0;
    const std::string line = "line " + std::to_string(draft.registration.line);
    all.message = from_file ? line + ": " : "the account cannot be added: ";
    for (std::size_t i = 0; i < draft.problems.size(); ++i)
        all.message += (i == 0 ? "" : "; ") + draft.problems[i].message;
    all.subject = from_file ? line : std::string();
    all.problems = draft.problems;
    return all;
}

}  // namespace findme::access
