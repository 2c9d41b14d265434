#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "db/connection.hpp"
#include "findme/event.hpp"

namespace findme::store {

/// Rows of `events`. Borrows the connection.
class EventRepository {
  public:
    explicit EventRepository(db::Connection& connection) : connection_(connection) {}

    /// @param event  everything but the id.
    /// @errors throws Error{already_exists} when the code is taken, in whatever spelling.
    EventId insert(const Event& event);
    /// @param code  any spelling; compared as it is, then normalised against codes of any spelling. Where
    /// several
    ///              codes of an adopted database differ in spelling only, each is found by its own spelling
    ///              alone.
    [[nodiscard]] std::optional<Event> find_by_code(std::string_view code);
    /// Newest first.
    [[nodiscard]] std::vector<Event> list();
    [[nodiscard]] EventCounts counts(EventId event);

  private:
    db::Connection& connection_;
};

}  // namespace findme::store
