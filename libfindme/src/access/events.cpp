#include <sodium.h>

#include <chrono>
#include <string>
#include <vector>

#include "access/event_code.hpp"
#include "base/text.hpp"
#include "db/connection.hpp"
#include "db/retry.hpp"
#include "findme/event.hpp"
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

}  // namespace

Events::Events(std::shared_ptr<db::Database> database, const Clock& clock)
    : database_(std::move(database)), clock_(clock) {
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
    event.created_at = clock_.now();
    const auto begin = request.date ? Timestamp{std::chrono::sys_days{*request.date} + std::chrono::days{1}}
                                    : event.created_at;
    event.expires_at = begin + std::chrono::days{request.retention_days};

    // A generated code is taken with a chance of one in tens of millions: a few tries are plenty.
    constexpr int kTries = 5;
    for (int attempt = 1;; ++attempt) {
        event.code = chosen.empty() ? access::generate_event_code() : chosen;
        try {
            event.id = db::fetch_retrying(*database_, [&](db::Connection& connection) {
                return store::EventRepository(connection).insert(event);
            });
            return event;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::already_exists || !chosen.empty() || attempt == kTries) throw;
        }
    }
}

std::vector<Event> Events::list() {
    return db::fetch_retrying(
        *database_, [](db::Connection& connection) { return store::EventRepository(connection).list(); });
}

Event Events::find(std::string_view code) {
    const std::string normal = normalise_event_code(code);
    if (!normal.empty()) {
        const auto event = db::fetch_retrying(*database_, [&](db::Connection& connection) {
            return store::EventRepository(connection).find_by_code(code);
        });
        if (event) return *event;
    }
    const auto all = list();
    if (normal.empty() && all.size() == 1) return all.front();
    if (all.empty()) {
        throw Error(ErrorCode::not_found,
                    "there is no event in " + database_->display_name() +
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
    for (auto& event : list()) {
        if (event.id == id) return std::move(event);
    }
    throw Error(ErrorCode::not_found, "the event is no longer there: it was deleted meanwhile");
}

EventCounts Events::counts(EventId event) {
    return db::fetch_retrying(*database_, [&](db::Connection& connection) {
        return store::EventRepository(connection).counts(event);
    });
}

void Events::require_searchable(const Event& event) const {
    if (clock_.now() < event.expires_at) return;
    throw Error(
        ErrorCode::retention_expired,
        "the event " + base::quoted(event.code) + " is past its retention since " +
            to_iso8601(event.expires_at) +
            ": its faces may no longer be searched (a new event may be made for what is still needed)",
        event.code);
}

}  // namespace findme
