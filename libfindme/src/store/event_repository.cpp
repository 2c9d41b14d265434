#include "store/event_repository.hpp"

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

/// Columns: id, name, event_code, date, retention_days, created_at, expires_at.
Event read_event(const db::Row& row) {
    Event event;
    event.id = EventId{row.integer(0)};
    event.name = row.text(1);
    event.code = row.text(2);
    event.date = read_date(row, 3);
    event.retention_days = static_cast<int>(row.integer(4));
    // An adopted event without any time counts from the epoch: it is expired, and nothing is matched by
    // mistake.
    event.created_at = read_time(row, 5).value_or(Timestamp{});
    const Timestamp start =
        event.date ? Timestamp{std::chrono::sys_days{*event.date} + std::chrono::days{1}} : event.created_at;
    event.expires_at = read_time(row, 6).value_or(start + std::chrono::days{event.retention_days});
    return event;
}

[[noreturn]] void refuse_taken(const std::string& code) {
    throw Error(ErrorCode::already_exists,
                "the event code " + base::quoted(code) + " is taken: choose another", code);
}

}  // namespace

EventId EventRepository::insert(const Event& event) {
    db::Transaction transaction(connection_, db::Access::write);
    if (find_by_code(event.code)) refuse_taken(event.code);
    EventId id;
    try {
        connection_.run(
            "INSERT INTO events (name, event_code, date, retention_days, created_at, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            {event.name, event.code, event.date ? db::Value{to_iso8601(*event.date)} : db::Value{},
             std::int64_t{event.retention_days}, to_iso8601(event.created_at), to_iso8601(event.expires_at)},
            [&](const db::Row& row) { id.value = row.integer(0); });
    } catch (const Error& error) {
        // Where writers do not wait for one another, the one that came second is told by the unique index.
        const bool taken = error.code() == ErrorCode::constraint &&
                           error.info().subject.find("event_code") != std::string::npos;
        if (taken) refuse_taken(event.code);
        throw;
    }
    transaction.commit();
    return id;
}

std::optional<Event> EventRepository::find_by_code(std::string_view code) {
    std::optional<Event> found;
    const std::string normalised = normalise_event_code(code);
    for (const std::string& spelling : {std::string(code), normalised}) {
        connection_.run(
            "SELECT id, name, event_code, date, retention_days, created_at, expires_at FROM events"
            " WHERE event_code = $1",
            {spelling}, [&](const db::Row& row) { found = read_event(row); });
        if (found) return found;
    }
    if (normalised.empty()) return std::nullopt;
    std::int64_t matches = 0;
    connection_.run(
        "SELECT id, name, event_code, date, retention_days, created_at, expires_at FROM events"
        " WHERE upper(replace(replace(event_code, ' ', ''), '-', '')) = $1",
        {normalised}, [&](const db::Row& row) {
            found = read_event(row);
            ++matches;
        });
    // A guess between two events could show one event's guests to the other's.
    return matches == 1 ? found : std::nullopt;
}

std::vector<Event> EventRepository::list() {
    std::vector<Event> events;
    connection_.run(
        "SELECT id, name, event_code, date, retention_days, created_at, expires_at FROM events ORDER BY id "
        "DESC",
        {}, [&](const db::Row& row) { events.push_back(read_event(row)); });
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

}  // namespace findme::store
