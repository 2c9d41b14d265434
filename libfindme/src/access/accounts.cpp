#include <charconv>
#include <map>
#include <string>
#include <utility>

#include "access/account_lookup.hpp"
#include "access/journal.hpp"
#include "access/parts.hpp"
#include "access/password_hash.hpp"
#include "access/password_policy.hpp"
#include "access/registration.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "db/retry.hpp"
#include "findme/account.hpp"
#include "store/account_repository.hpp"
#include "store/event_repository.hpp"
#include "store/selfie_repository.hpp"
#include "store/token_repository.hpp"

namespace findme {
namespace {

/// `id:12`.
std::optional<AccountId> id_in(std::string_view reference) {
    constexpr std::string_view kPrefix = "id:";
    if (!reference.starts_with(kPrefix)) return std::nullopt;
    reference.remove_prefix(kPrefix.size());
    AccountId id;
    const auto [end, error] =
        std::from_chars(reference.data(), reference.data() + reference.size(), id.value);
    if (error != std::errc{} || end != reference.data() + reference.size()) return std::nullopt;
    return id;
}

[[noreturn]] void throw_gone(AccountId id) {
    throw Error(ErrorCode::not_found, "there is no account id:" + std::to_string(id.value),
                "id:" + std::to_string(id.value));
}

/// Names that appear twice in one list collide before the database is asked.
class Seen {
  public:
    void check(access::Draft& draft) {
        const auto& registration = draft.registration;
        const std::int64_t scope = draft.event ? draft.event->id.value : -1;
        for (const auto& [field, value] :
             {std::pair<std::string, std::string>{"username", registration.username},
              {"email", base::case_folded(registration.email)}}) {
            const auto [earlier, is_new] = lines_.emplace(std::tuple(field, scope, value), registration.line);
            if (!is_new)
                draft.problems.push_back({ErrorCode::already_exists,
                                          field + ": the same as in line " + std::to_string(earlier->second),
                                          field});
        }
    }

  private:
    std::map<std::tuple<std::string, std::int64_t, std::string>, std::int64_t> lines_;
};

Registered write_one(const access::Parts& parts, const access::Draft& draft) {
    return db::fetch_retrying(*parts.database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        Registered registered = access::write_draft(connection, parts, draft);
        access::record_draft(connection, parts, draft, registered);
        transaction.commit();
        return registered;
    });
}

/// @return nothing when it was stopped.
std::vector<Registered> write_all(const access::Parts& parts, const std::vector<access::Draft>& drafts,
                                  const std::stop_token& stop) {
    return db::fetch_retrying(*parts.database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        std::vector<Registered> added;
        added.reserve(drafts.size());
        for (const auto& draft : drafts) {
            if (stop.stop_requested()) return std::vector<Registered>();
            try {
                added.push_back(access::write_draft(connection, parts, draft));
            } catch (const Error& error) {
                if (error.code() != ErrorCode::already_exists) throw;
                ErrorInfo info = error.info();
                info.subject = "line " + std::to_string(draft.registration.line);
                info.message = info.subject + ": " + info.message + " by somebody else just now";
                throw Error(std::move(info));
            }
        }
        for (std::size_t i = 0; i < drafts.size(); ++i)
            access::record_draft(connection, parts, drafts[i], added[i]);
        transaction.commit();
        return added;
    });
}

}  // namespace

Accounts::Accounts(std::shared_ptr<const access::Parts> parts) : parts_(std::move(parts)) {}
Accounts::~Accounts() = default;

Registered Accounts::add(Registration registration) {
    const access::Draft draft = access::make_draft(*parts_, std::move(registration));
    if (!draft.problems.empty()) throw Error(access::sum_up(draft));
    Registered registered = write_one(*parts_, draft);
    access::report(*parts_, LogLevel::info, "user_added", access::subject_of(registered.account.id));
    return registered;
}

ImportReport Accounts::import(std::vector<Registration> registrations, ImportMode mode,
                              const std::stop_token& stop) {
    ImportReport report;
    std::vector<access::Draft> drafts;
    Seen seen;
    for (auto& registration : registrations) {
        report.cancelled = stop.stop_requested();
        if (report.cancelled) return report;
        access::Draft draft = access::make_draft(*parts_, std::move(registration));
        if (draft.problems.empty()) seen.check(draft);
        if (draft.problems.empty()) {
            drafts.push_back(std::move(draft));
        } else {
            report.refused.push_back(access::sum_up(draft));
        }
    }
    if (mode == ImportMode::check_only) return report;
    if (mode == ImportMode::all_or_nothing) {
        if (report.refused.empty()) report.added = write_all(*parts_, drafts, stop);
        report.cancelled = report.refused.empty() && report.added.size() < drafts.size();
        return report;
    }
    for (auto& draft : drafts) {
        report.cancelled = stop.stop_requested();
        if (report.cancelled) break;
        try {
            report.added.push_back(write_one(*parts_, draft));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::already_exists) {
                // The tokens of those before are nowhere else.
                report.failure = error.info();
                break;
            }
            draft.problems.push_back(error.info());
            report.refused.push_back(access::sum_up(draft));
        }
    }
    return report;
}

Account Accounts::find(std::string_view reference, std::string_view event_code) {
    if (const auto id = id_in(reference)) return find(*id);
    const std::string name = access::normal_name(reference);
    std::vector<Account> fitting;
    if (base::is_valid_utf8(name) && name.find('\0') == std::string::npos) {
        db::run_retrying(*parts_->database, [&](db::Connection& connection) {
            fitting.clear();
            store::AccountRepository accounts(connection);
            std::optional<Event> event;
            if (!event_code.empty()) {
                event = store::EventRepository(connection).find_by_code(event_code);
                if (!event)
                    throw Error(ErrorCode::not_found, "no event has the code " + base::quoted(event_code),
                                std::string(event_code));
            }
            for (auto& record : accounts.find_named(name)) {
                if (!event || record.account.event == event->id) fitting.push_back(std::move(record.account));
            }
        });
    }
    if (fitting.size() == 1) return std::move(fitting.front());
    if (fitting.empty()) {
        throw Error(ErrorCode::not_found,
                    "no account" + std::string(event_code.empty() ? "" : " of this event") +
                        " has the username or e-mail " + base::quoted(name) + " (see `findme user list`)");
    }
    std::string ids;
    for (const auto& account : fitting)
        ids += (ids.empty() ? "id:" : ", id:") + std::to_string(account.id.value);
    throw Error(ErrorCode::invalid_argument, std::to_string(fitting.size()) + " accounts have this name (" +
                                                 ids + "): say which by its id, or by --event CODE");
}

Account Accounts::find(AccountId id) {
    const auto found = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::AccountRepository(connection).find(id);
    });
    if (!found) throw_gone(id);
    return found->account;
}

std::vector<Account> Accounts::list(const AccountQuery& query) {
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::AccountRepository(connection).list(query);
    });
}

std::vector<EventId> Accounts::events_of(AccountId id) {
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::AccountRepository(connection).events_of(id);
    });
}

void Accounts::set_password(AccountId id, const Secret& password) {
    const Account account = find(id);
    const auto context = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return access::context_words(connection, account);
    });
    access::require_good_password(password.view(), context);
    const std::string hash = access::hash_password(password.view());
    db::run_retrying(*parts_->database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        store::AccountRepository accounts(connection);
        if (!accounts.hold(id)) throw_gone(id);
        accounts.set_password(id, hash);
        store::TokenRepository(connection).void_all(id, connection.now());
        access::record(connection, *parts_, "user.password_set", access::subject_of(id));
        transaction.commit();
    });
    access::report(*parts_, LogLevel::info, "password_set", access::subject_of(id));
}

void Accounts::set_active(AccountId id, bool is_active) {
    db::run_retrying(*parts_->database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        store::AccountRepository accounts(connection);
        if (!accounts.hold(id)) throw_gone(id);
        accounts.set_active(id, is_active);
        if (!is_active) store::TokenRepository(connection).void_all(id, connection.now());
        access::record(connection, *parts_, is_active ? "user.enabled" : "user.disabled",
                       access::subject_of(id));
        transaction.commit();
    });
    access::report(*parts_, LogLevel::info, is_active ? "user_enabled" : "user_disabled",
                   access::subject_of(id));
}

}  // namespace findme
