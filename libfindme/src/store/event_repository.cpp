#include "store/event_repository.hpp"

#include <functional>
#include <string>

#include "base/text.hpp"
#include "findme/error.hpp"
#include "findme/photo.hpp"
#include "store/columns.hpp"

namespace findme::store {
namespace {

/// The day of a date that another program may have written with a time behind it.
std::optional<Date> read_date(const db::Row& row, int column) {
    constexpr std::size_t kDateLength = 10;
    if (row.is_null(column)) return std::nullopt;
    const std::string text = row.text(column);
    const auto date = date_from_iso8601(std::string_view(text).substr(0, kDateLength));
    if (!date)
        throw Error(ErrorCode::store_corrupt,
                    "the database is damaged: " + base::quoted(text) + " is not a date");
    return *date;
}

constexpr const char* kSelect =
    "SELECT id, name, event_code, date, retention_days, created_at, expires_at, photographer_id, purged_at"
    " FROM events ";

/// Own event of the account `u`. Rows of the service's release v87 name none: theirs is the one joined first.
constexpr const char* kEventOfGuest =
    "coalesce(u.event_id, (SELECT j.event_id FROM user_events j WHERE j.user_id = u.id"
    " ORDER BY j.joined_at IS NULL, j.joined_at, j.id LIMIT 1))";

/// Columns as kSelect has them.
Event read_event(const db::Row& row) {
    Event event;
    event.id = EventId{row.integer(0)};
    event.name = row.text(1);
    event.code = row.text(2);
    event.date = read_date(row, 3);
    event.retention_days.reset();
    if (!row.is_null(4)) event.retention_days = static_cast<int>(row.integer(4));
    // An adopted event without any time counts from the epoch: it is expired, and nothing is matched by
    // mistake.
    event.created_at = read_time(row, 5).value_or(Timestamp{});
    event.expires_at = read_time(row, 6);
    if (!event.expires_at) event.expires_at = retention_end(event);
    if (!row.is_null(7)) event.photographer = AccountId{row.integer(7)};
    event.purged_at = read_time(row, 8);
    return event;
}

[[noreturn]] void refuse_taken(const std::string& code) {
    throw Error(ErrorCode::already_exists,
                "the event code " + base::quoted(code) + " is taken: choose another", code);
}

db::Value date_value(const std::optional<Date>& date) {
    return date ? db::Value{to_iso8601(*date)} : db::Value{};
}

db::Value photographer_value(const Event& event) {
    return event.photographer ? db::Value{event.photographer->value} : db::Value{};
}

db::Value retention_value(const Event& event) {
    return event.retention_days ? db::Value{std::int64_t{*event.retention_days}} : db::Value{};
}

/// Where writers do not wait for one another, the one that came second is told by the unique index.
void write(const Event& event, const std::function<void()>& statement) {
    try {
        statement();
    } catch (const Error& error) {
        const bool taken = error.code() == ErrorCode::constraint &&
                           error.info().subject.find("event_code") != std::string::npos;
        if (taken) refuse_taken(event.code);
        throw;
    }
}

}  // namespace

std::optional<Timestamp> retention_end(const Event& event) {
    if (!event.retention_days) return std::nullopt;
    const Timestamp start =
        event.date ? Timestamp{std::chrono::sys_days{*event.date} + std::chrono::days{1}} : event.created_at;
    return start + std::chrono::days{*event.retention_days};
}

EventId EventRepository::insert(const Event& event) {
    if (find_by_code(event.code)) refuse_taken(event.code);
    EventId id;
    write(event, [&] {
        connection_.run(
            "INSERT INTO events (name, event_code, date, retention_days, created_at, expires_at, "
            "photographer_id)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            {event.name, event.code, date_value(event.date), retention_value(event),
             to_iso8601(event.created_at), time_value(event.expires_at), photographer_value(event)},
            [&](const db::Row& row) { id.value = row.integer(0); });
    });
    return id;
}

void EventRepository::update(const Event& event) {
    const auto same_code = find_by_code(event.code);
    if (same_code && same_code->id != event.id) refuse_taken(event.code);
    write(event, [&] {
        // A date that another program wrote with a time behind it keeps it, unless it becomes another day.
        connection_.run(
            "UPDATE events SET name = $2, event_code = $3, retention_days = $4, expires_at = $5,"
            " photographer_id = $6, purged_at = $7 WHERE id = $1",
            {event.id.value, event.name, event.code, retention_value(event), time_value(event.expires_at),
             photographer_value(event), time_value(event.purged_at)});
    });
}

void EventRepository::set_date(EventId event, const Date& date) {
    connection_.run("UPDATE events SET date = $2 WHERE id = $1", {event.value, to_iso8601(date)});
}

void EventRepository::set_purged(EventId event, Timestamp when) {
    connection_.run("UPDATE events SET purged_at = $2 WHERE id = $1", {event.value, to_iso8601(when)});
}

bool EventRepository::hold(EventId event) {
    // Also against a guest who is being registered: that is a reference to the row, which an update would let
    // pass.
    const bool locks = connection_.dialect() == db::Dialect::postgresql;
    bool there = false;
    connection_.run(std::string("SELECT id FROM events WHERE id = $1") + (locks ? " FOR UPDATE" : ""),
                    {event.value}, [&](const db::Row&) { there = true; });
    return there;
}

void EventRepository::hold_open(EventId event) {
    // Shared, where there is such a lock: those who index into one event need not wait for one another.
    const bool shares = connection_.dialect() == db::Dialect::postgresql;
    bool there = false;
    bool purged = false;
    connection_.run(std::string("SELECT purged_at FROM events WHERE id = $1") + (shares ? " FOR SHARE" : ""),
                    {event.value}, [&](const db::Row& row) {
                        there = true;
                        purged = !row.is_null(0);
                    });
    if (!there) throw Error(ErrorCode::not_found, "the event is no longer there: it was deleted meanwhile");
    if (purged) {
        throw Error(
            ErrorCode::retention_expired,
            "the faces of the event were purged meanwhile: set its retention anew before you index into "
            "it (findme event update)");
    }
}

std::optional<Event> EventRepository::find(EventId id) {
    std::optional<Event> found;
    connection_.run(std::string(kSelect) + "WHERE id = $1", {id.value},
                    [&](const db::Row& row) { found = read_event(row); });
    return found;
}

std::optional<Event> EventRepository::find_by_code(std::string_view code) {
    std::optional<Event> found;
    const std::string normalised = normalise_event_code(code);
    for (const std::string& spelling : {std::string(code), normalised}) {
        connection_.run(std::string(kSelect) + "WHERE event_code = $1", {spelling},
                        [&](const db::Row& row) { found = read_event(row); });
        if (found) return found;
    }
    if (normalised.empty()) return std::nullopt;
    std::int64_t matches = 0;
    connection_.run(std::string(kSelect) + "WHERE upper(replace(replace(event_code, ' ', ''), '-', '')) = $1",
                    {normalised}, [&](const db::Row& row) {
                        found = read_event(row);
                        ++matches;
                    });
    // A guess between two events could show one event's guests to the other's.
    return matches == 1 ? found : std::nullopt;
}

std::vector<Event> EventRepository::list() {
    std::vector<Event> events;
    connection_.run(std::string(kSelect) + "ORDER BY id DESC", {},
                    [&](const db::Row& row) { events.push_back(read_event(row)); });
    return events;
}

EventCounts EventRepository::counts(EventId event) {
    EventCounts counts;
    connection_.run(
        "SELECT count(*), CAST(coalesce(sum((SELECT m.face_count FROM photo_models m WHERE m.photo_id = p.id"
        " ORDER BY m.indexed_at DESC, m.model_id LIMIT 1)), 0) AS BIGINT)"
        " FROM photos p WHERE p.event_id = $1 AND p.content_hash IS NOT NULL AND p.processing_status = $2",
        {event.value, std::string(to_string(PhotoStatus::done))}, [&](const db::Row& row) {
            counts.photos = row.integer(0);
            counts.faces = row.integer(1);
        });
    connection_.run(
        "SELECT count(*) FROM photos"
        " WHERE event_id = $1 AND content_hash IS NOT NULL AND processing_status = $2",
        {event.value, std::string(to_string(PhotoStatus::failed))},
        [&](const db::Row& row) { counts.failed = row.integer(0); });
    return counts;
}

EventStats EventRepository::stats(EventId event) {
    const EventCounts indexed = counts(event);
    EventStats stats;
    stats.photos = indexed.photos;
    stats.failed = indexed.failed;
    stats.faces = indexed.faces;
    const auto count = [&](const std::string& what, const std::string& from) {
        std::int64_t rows = 0;
        connection_.run("SELECT count(" + what + ") FROM " + from, {event.value},
                        [&](const db::Row& row) { rows = row.integer(0); });
        return rows;
    };
    const std::string own = std::string("u.user_type = 'user' AND ") + kEventOfGuest + " = $1";
    const std::string joined = std::string("u.user_type = 'user' AND ") + kEventOfGuest +
                               " <> $1 AND EXISTS (SELECT 1 FROM user_events e WHERE e.user_id = u.id"
                               " AND e.event_id = $1)";
    stats.guests = count("*", "users u WHERE " + own);
    stats.joined = count("*", "users u WHERE " + joined);
    stats.selfies =
        count("*", "selfies s JOIN users u ON u.id = s.user_id WHERE (" + own + ") OR (" + joined + ")");
    const std::string matches = "face_matches m JOIN photos p ON p.id = m.photo_id WHERE p.event_id = $1";
    stats.matches = count("*", matches);
    stats.matched_guests = count("DISTINCT m.user_id", matches);
    stats.photos_without_face =
        count("*",
              "photos p WHERE p.event_id = $1 AND p.content_hash IS NOT NULL AND p.processing_status = 'DONE'"
              " AND (SELECT m.face_count FROM photo_models m WHERE m.photo_id = p.id"
              " ORDER BY m.indexed_at DESC, m.model_id LIMIT 1) = 0");
    return stats;
}

}  // namespace findme::store
