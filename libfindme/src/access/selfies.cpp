#include <algorithm>
#include <string>

#include "access/account_lookup.hpp"
#include "access/clocks.hpp"
#include "access/journal.hpp"
#include "access/parts.hpp"
#include "access/retention.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "db/retry.hpp"
#include "findme/account.hpp"
#include "store/account_repository.hpp"
#include "store/event_repository.hpp"
#include "store/selfie_repository.hpp"

/// A guest's references, and what follows from them: every change brings the matches of the guest's events up
/// to date in the same transaction.
namespace findme {
namespace {

/// Photos that a change of an account's references may touch, for each event that may still be searched.
struct Touched {
    EventId event;
    std::vector<PhotoId> photos;
};

[[noreturn]] void throw_gone(AccountId id) {
    throw Error(ErrorCode::not_found, "there is no account id:" + std::to_string(id.value),
                "id:" + std::to_string(id.value));
}

struct EventsOfGuest {
    std::vector<EventId> searchable;
    std::vector<ErrorInfo> closed;  ///< Why each of the others is not.
};

EventsOfGuest events_of_guest(db::Connection& connection, AccountId id) {
    EventsOfGuest events;
    store::EventRepository repository(connection);
    for (const EventId event : store::AccountRepository(connection).events_of(id)) {
        const auto found = repository.find(event);
        if (!found) continue;
        if (auto refusal = access::closed(connection, *found)) {
            events.closed.push_back(std::move(*refusal));
        } else {
            events.searchable.push_back(event);
        }
    }
    return events;
}

/// The code is that of an undecided event, where one is among them: there something can be done.
[[noreturn]] void refuse_closed(AccountId id, std::vector<ErrorInfo> closed) {
    ErrorInfo all{ErrorCode::retention_expired,
                  "no event of the account id:" + std::to_string(id.value) + " takes selfies"};
    for (const ErrorInfo& refusal : closed) {
        if (refusal.code == ErrorCode::retention_undecided) all.code = refusal.code;
        all.message += (&refusal == &closed.front() ? ": " : "; ") + refusal.message;
    }
    all.problems = std::move(closed);
    throw Error(std::move(all));
}

/// Before the transaction: reading a large event's templates takes time.
std::vector<Touched> touched_by(const access::Parts& parts, const std::vector<EventId>& events,
                                std::span<const Template> references) {
    return db::fetch_retrying(*parts.database, [&](db::Connection& connection) {
        std::vector<Touched> touched;
        touched.reserve(events.size());
        for (const EventId event : events)
            touched.push_back({event, parts.event_matcher->photos_near(connection, event, references)});
        return touched;
    });
}

void rematch(const access::Parts& parts, db::Connection& connection, AccountId id,
             const std::vector<Touched>& touched) {
    for (const auto& [event, photos] : touched) parts.event_matcher->rematch(connection, event, id, photos);
}

void require_guest(const Account& account) {
    if (account.role == Role::guest) return;
    throw Error(ErrorCode::invalid_argument, "only guests have selfies and join events: this is a " +
                                                 std::string(to_string(account.role)) + "'s account");
}

void require_version(const std::string& version) {
    constexpr std::size_t kMaxVersionBytes = 64;
    if (version.empty())
        throw Error(ErrorCode::invalid_argument,
                    "say with --consent which text the guest agreed to: nothing is kept of a face without"
                    " consent");
    if (version.size() > kMaxVersionBytes || !base::is_valid_utf8(version) ||
        base::has_control_or_format(version))
        throw Error(ErrorCode::invalid_argument, "a consent's version is at most 64 bytes of plain text");
}

/// One selfie, or all of them.
store::SelfieRepository::Counts remove_rows(const access::Parts& parts, AccountId id,
                                            std::optional<SelfieId> selfie,
                                            const std::vector<Touched>& touched) {
    return db::fetch_retrying(*parts.database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        if (!store::AccountRepository(connection).hold(id)) throw_gone(id);
        const auto counts = store::SelfieRepository(connection).remove(id, selfie);
        if (selfie && counts.selfies == 0)
            throw Error(ErrorCode::not_found, "the account id:" + std::to_string(id.value) +
                                                  " has no selfie of this id: see `findme user selfie list`");
        rematch(parts, connection, id, touched);
        access::record(
            connection, parts, "selfie.removed", access::subject_of(id),
            "selfies=" + std::to_string(counts.selfies) + " consents=" + std::to_string(counts.consents));
        transaction.commit();
        return counts;
    });
}

ErasureReceipt remove_references(const access::Parts& parts, AccountId id, std::optional<SelfieId> selfie) {
    access::require_agreed_clocks(parts);
    std::vector<Template> kept;
    const auto events = db::fetch_retrying(*parts.database, [&](db::Connection& connection) {
        kept.clear();
        if (selfie)
            kept = store::SelfieRepository(connection).references(id, parts.selfie_judge->model(), selfie);
        // Also in events where nothing may be matched now: there as well nobody is shown for her any more.
        return store::AccountRepository(connection).events_of(id);
    });
    const auto removed = remove_rows(parts, id, selfie, touched_by(parts, events, kept));
    return db::fetch_retrying(
        *parts.database,
        [&](db::Connection& connection) {
            const auto left = store::SelfieRepository(connection).left(id, selfie);
            ErasureReceipt receipt;
            receipt.subject = access::subject_of(id);
            receipt.tables = {{"selfies", removed.selfies, left.selfies},
                              {"consents", removed.consents, left.consents}};
            receipt.scrubbed = connection.scrub();
            return receipt;
        },
        db::IfInDoubt::repeat);
}

}  // namespace

void Accounts::join(AccountId id, std::string_view event_code) {
    require_guest(find(id));
    const auto event = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return base::is_valid_utf8(event_code) && event_code.find('\0') == std::string_view::npos
                   ? store::EventRepository(connection).find_by_code(event_code)
                   : std::nullopt;
    });
    if (!event)
        throw Error(ErrorCode::not_found, "no event has the code " + base::quoted(event_code),
                    std::string(event_code));
    const auto references = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        if (auto refusal = access::closed(connection, *event)) throw Error(std::move(*refusal));
        return store::SelfieRepository(connection).references(id, parts_->selfie_judge->model());
    });
    const auto touched = touched_by(*parts_, {event->id}, references);
    db::run_retrying(*parts_->database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        store::AccountRepository accounts(connection);
        if (!accounts.hold(id)) throw_gone(id);
        if (!accounts.join(id, event->id, parts_->clock.now())) return;
        rematch(*parts_, connection, id, touched);
        access::record(connection, *parts_, "user.joined", access::subject_of(id),
                       "event=" + std::to_string(event->id.value));
        transaction.commit();
    });
}

SelfiesAdded Accounts::add_selfies(AccountId id, const std::vector<std::string>& files,
                                   const std::string& consent_version) {
    require_guest(find(id));
    require_version(consent_version);
    auto events_now = db::fetch_retrying(
        *parts_->database, [&](db::Connection& connection) { return events_of_guest(connection, id); });
    const auto& events = events_now.searchable;
    if (events.empty()) refuse_closed(id, std::move(events_now.closed));
    SelfiesAdded result;
    std::vector<store::NewSelfie> selfies;
    bool all_good = true;
    for (const auto& judged : parts_->selfie_judge->judge(files)) {
        result.checks.push_back(judged.check);
        all_good = all_good && !judged.check.refused;
        selfies.push_back({parts_->selfie_judge->model(), judged.check.face.quality, judged.face_template});
    }
    if (!all_good || selfies.empty()) return result;

    auto references = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::SelfieRepository(connection).references(id, parts_->selfie_judge->model());
    });
    for (const auto& selfie : selfies) references.push_back(selfie.face_template);
    const auto touched = touched_by(*parts_, events, references);
    result.added = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        if (!store::AccountRepository(connection).hold(id)) throw_gone(id);
        store::SelfieRepository repository(connection);
        repository.add(id, {consent_version, parts_->clock.now(), parts_->actor}, selfies);
        rematch(*parts_, connection, id, touched);
        auto all = repository.list(id);
        access::record(connection, *parts_, "consent.given", access::subject_of(id),
                       "selfies=" + std::to_string(selfies.size()));
        transaction.commit();
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(selfies.size()));
        return all;
    });
    return result;
}

std::vector<Selfie> Accounts::selfies(AccountId id) {
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::SelfieRepository(connection).list(id);
    });
}

ErasureReceipt Accounts::remove_selfie(AccountId id, SelfieId selfie) {
    return remove_references(*parts_, id, selfie);
}

ErasureReceipt Accounts::remove_all_selfies(AccountId id) {
    return remove_references(*parts_, id, std::nullopt);
}

}  // namespace findme
