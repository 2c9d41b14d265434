#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "db/connection.hpp"
#include "findme/event.hpp"

namespace findme::store {

/// `retention_days` after the end of the event's date or, without one, after its creation; nothing while they
/// are undecided.
[[nodiscard]] std::optional<Timestamp> retention_end(const Event& event);

/// Rows of `events`. Borrows the connection; transactions are the caller's.
class EventRepository {
  public:
    explicit EventRepository(db::Connection& connection) : connection_(connection) {}

    /// @param event  everything but the id.
    /// @errors throws Error{already_exists} when the code is taken, in whatever spelling.
    EventId insert(const Event& event);
    /// Writes all but the date and the time of creation. Between find() and update() the event is held.
    /// @errors as insert().
    void update(const Event& event);
    void set_date(EventId event, const Date& date);
    void set_purged(EventId event, Timestamp when);
    /// Keeps others from changing or removing the event, and from indexing into it, before this transaction
    /// ends.
    /// @return false when it is no longer there.
    [[nodiscard]] bool hold(EventId event);
    /// Keeps others from removing or purging the event before this transaction ends; those who index into it
    /// do not wait for one another. Comes before any row that refers to the event is locked, as hold() does,
    /// so that nobody waits in a circle.
    /// @errors throws Error{not_found} when it was deleted, Error{retention_expired} when it was purged.
    void hold_open(EventId event);
    [[nodiscard]] std::optional<Event> find(EventId id);
    /// @param code  any spelling; compared as it is, then normalised against codes of any spelling. Where
    /// several
    ///              codes of an adopted database differ in spelling only, each is found by its own spelling
    ///              alone.
    [[nodiscard]] std::optional<Event> find_by_code(std::string_view code);
    /// Newest first.
    [[nodiscard]] std::vector<Event> list();
    [[nodiscard]] EventCounts counts(EventId event);
    [[nodiscard]] EventStats stats(EventId event);

  private:
    db::Connection& connection_;
};

}  // namespace findme::store
