#include <sodium.h>

#include <chrono>
#include <string>
#include <vector>

#include "access/clocks.hpp"
#include "access/event_code.hpp"
#include "access/journal.hpp"
#include "access/parts.hpp"
#include "access/retention.hpp"
#include "base/text.hpp"
#include "db/connection.hpp"
#include "db/retry.hpp"
#include "findme/event.hpp"
#include "store/account_repository.hpp"
#include "store/event_repository.hpp"

namespace findme {
namespace {

constexpr std::chrono::year kFirstYear{1900};
constexpr std::chrono::year kLastYear{9000};
constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMinCodeLength = 4;
constexpr std::size_t kMaxCodeLength = 32;

bool is_code_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool has_control_character(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) return true;
    }
    return false;
}

/// Everything wrong with a request, in one sentence; empty when it is fine.
std::string problems_of(const EventRequest& request, const std::string& code) {
    std::vector<std::string> problems;
    if (base::trimmed(request.name).empty()) problems.emplace_back("the name is empty");
    if (request.name.size() > kMaxNameBytes) problems.emplace_back("the name is longer than 200 bytes");
    if (!base::is_valid_utf8(request.name) || has_control_character(request.name)) {
        problems.emplace_back("the name holds control characters or is not UTF-8");
    }
    if (!request.code.empty()) {
        bool fits = code.size() >= kMinCodeLength && code.size() <= kMaxCodeLength;
        for (const char c : code) fits = fits && is_code_character(c);
        if (!fits) problems.emplace_back("a code is 4 to 32 letters and digits");
    }
    if (request.date && !request.date->ok()) problems.emplace_back("the date does not exist");
    if (request.date && (request.date->year() < kFirstYear || request.date->year() > kLastYear)) {
        problems.emplace_back("the date is not between 1900 and 9000");
    }
    if (request.retention_days < 1 || request.retention_days > kMaxRetentionDays) {
        problems.push_back("retention is 1 to " + std::to_string(kMaxRetentionDays) + " days");
    }
    std::string sentence;
    for (const auto& problem : problems) sentence += (sentence.empty() ? "" : "; ") + problem;
    return sentence;
}

[[noreturn]] void throw_gone() {
    throw Error(ErrorCode::not_found, "the event is no longer there: it was deleted meanwhile");
}

void require_photographer(db::Connection& connection, AccountId id) {
    const auto found = store::AccountRepository(connection).find(id);
    const std::string subject = "id:" + std::to_string(id.value);
    if (!found) throw Error(ErrorCode::not_found, "there is no account " + subject, subject);
    if (found->account.role == Role::guest || !found->account.is_active) {
        throw Error(ErrorCode::invalid_argument,
                    "the account " + subject +
                        " cannot have an event: name a photographer or an admin who is not disabled",
                    subject);
    }
}

Event changed(const Event& event, const EventUpdate& update, Timestamp now) {
    Event after = event;
    if (update.name) after.name = base::trimmed(*update.name);
    if (update.code) after.code = normalise_event_code(*update.code);
    if (update.date) after.date = update.date;
    if (update.retention_days) after.retention_days = *update.retention_days;
    if (update.no_photographer) after.photographer.reset();
    if (update.photographer) after.photographer = update.photographer;
    if (!update.date && !update.retention_days) return after;
    const auto end = store::retention_end(after);
    if (!end) return after;  // A date alone decides nothing.
    after.expires_at = end;
    // Somebody decided that its faces may be searched again; they are not there yet.
    if (!after.is_expired(now)) after.purged_at.reset();
    return after;
}

/// What was given, by name: values may be personal.
std::string words_of(const EventUpdate& update) {
    std::string words;
    const auto add = [&](bool given, const std::string& word) {
        if (given) words += (words.empty() ? "" : " ") + word;
    };
    add(update.name.has_value(), "name=changed");
    add(update.code.has_value(), "code=changed");
    add(update.date.has_value(), "date=changed");
    add(update.retention_days.has_value(),
        "retention_days=" + std::to_string(update.retention_days.value_or(0)));
    add(update.photographer.has_value(),
        "photographer=" + std::to_string(update.photographer.value_or(AccountId{}).value));
    add(update.no_photographer, "photographer=none");
    return words;
}

}  // namespace

Events::Events(std::shared_ptr<const access::Parts> parts) : parts_(std::move(parts)) {
    // Before any random code; several threads may come at once, and coming again does nothing.
    if (sodium_init() < 0) throw Error(ErrorCode::internal, "the system has no source of random numbers");
}

Events::~Events() = default;

Event Events::create(const EventRequest& request) {
    const std::string chosen = normalise_event_code(request.code);
    if (auto problems = problems_of(request, chosen); !problems.empty()) {
        throw Error(ErrorCode::invalid_argument, "the event cannot be created: " + problems, request.name);
    }
    Event event;
    event.name = base::trimmed(request.name);
    event.date = request.date;
    event.retention_days = request.retention_days;
    event.photographer = request.photographer;

    // A generated code is taken with a chance of one in tens of millions: a few tries are plenty.
    constexpr int kTries = 5;
    for (int attempt = 1;; ++attempt) {
        event.code = chosen.empty() ? access::generate_event_code() : chosen;
        try {
            event.id = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
                db::Transaction transaction(connection, db::Access::write);
                if (event.photographer) require_photographer(connection, *event.photographer);
                event.created_at = connection.now();
                event.expires_at = store::retention_end(event);
                const EventId id = store::EventRepository(connection).insert(event);
                access::record(connection, *parts_, "event.created", access::subject_of(id));
                transaction.commit();
                return id;
            });
            return event;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::already_exists || !chosen.empty() || attempt == kTries) throw;
        }
    }
}

Event Events::update(EventId id, const EventUpdate& update) {
    return db::fetch_retrying(
        *parts_->database,
        [&](db::Connection& connection) {
            db::Transaction transaction(connection, db::Access::write);
            store::EventRepository events(connection);
            if (!events.hold(id)) throw_gone();
            Event event = changed(events.find(id).value(), update, connection.now());
            // The rules for a new event; what is not given is not judged again.
            const EventRequest request{update.name.value_or("-"), update.code.value_or(""), update.date,
                                       update.retention_days.value_or(kDefaultRetentionDays), std::nullopt};
            std::string problems = problems_of(request, event.code);
            if (update.code && event.code.empty()) problems = "the code is empty";
            if (!problems.empty()) {
                throw Error(ErrorCode::invalid_argument,
                            "the event " + base::quoted(event.code) + " cannot be changed: " + problems,
                            event.code);
            }
            if (update.photographer) require_photographer(connection, *update.photographer);
            events.update(event);
            if (update.date) events.set_date(id, *update.date);
            access::record(connection, *parts_, "event.updated", access::subject_of(id), words_of(update));
            transaction.commit();
            return event;
        },
        db::IfInDoubt::repeat);
}

std::vector<Event> Events::list() {
    return db::fetch_retrying(*parts_->database, [](db::Connection& connection) {
        return store::EventRepository(connection).list();
    });
}

Event Events::find(std::string_view code) {
    const std::string normal = normalise_event_code(code);
    if (!normal.empty()) {
        const auto event = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
            return store::EventRepository(connection).find_by_code(code);
        });
        if (event) return *event;
    }
    const auto all = list();
    if (normal.empty() && all.size() == 1) return all.front();
    if (all.empty()) {
        throw Error(ErrorCode::not_found,
                    "there is no event in " + parts_->database->display_name() +
                        " yet: make one with `findme event create NAME`",
                    std::string(code));
    }
    std::vector<std::string> codes;
    codes.reserve(all.size());
    for (const auto& event : all) codes.push_back(event.code);
    if (normal.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there are " + std::to_string(all.size()) +
                        " events: say which with --event CODE (see `findme event list`)");
    }
    throw Error(ErrorCode::not_found,
                "no event has the code " + base::quoted(code) + base::did_you_mean(normal, codes),
                std::string(code));
}

Event Events::find(EventId id) {
    const auto event = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::EventRepository(connection).find(id);
    });
    if (!event) throw_gone();
    return *event;
}

EventCounts Events::counts(EventId event) {
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::EventRepository(connection).counts(event);
    });
}

EventStats Events::stats(EventId event) {
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::EventRepository(connection).stats(event);
    });
}

void Events::require_searchable(const Event& event) const {
    const auto refusal = db::fetch_retrying(
        *parts_->database, [&](db::Connection& connection) { return access::closed(connection, event); });
    if (refusal) throw Error(*refusal);
}

void Events::require_agreed_clocks() const {
    access::require_agreed_clocks(*parts_);
}

}  // namespace findme
