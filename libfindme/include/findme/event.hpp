#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findme/clock.hpp"
#include "findme/export.hpp"
#include "findme/ids.hpp"

namespace findme {

namespace db {
class Database;
}

inline constexpr int kDefaultRetentionDays = 365;
inline constexpr int kMaxRetentionDays = 3 * 365;

/// A wedding, a race, a conference: the frame within which faces are compared, and never beyond.
struct Event {
    EventId id;
    std::string name;  ///< UTF-8.
    std::string code;  ///< Unique; looked up tolerantly, see normalise_event_code.
    std::optional<Date> date;
    int retention_days = kDefaultRetentionDays;
    Timestamp created_at;
    /// From here on nothing may be matched: `retention_days` after the event's date, or after its creation.
    Timestamp expires_at;
};

/// What an event holds.
struct EventCounts {
    std::int64_t photos = 0;  ///< Indexed, failed ones not counted.
    std::int64_t failed = 0;
    std::int64_t faces = 0;
};

struct EventRequest {
    std::string name;
    std::string code;  ///< Empty: one is generated.
    std::optional<Date> date;
    int retention_days = kDefaultRetentionDays;
};

/// Upper case, without blanks and dashes: "a7 kq-2mxp" and "A7KQ2MXP" are one code.
FINDME_API std::string normalise_event_code(std::string_view code);

/// Events of one database. Thread-safe.
class FINDME_API Events {
  public:
    Events(std::shared_ptr<db::Database> database, const Clock& clock);
    ~Events();

    /// @errors throws Error{invalid_argument} naming every problem of the request at once,
    /// Error{already_exists} when
    ///         the code is taken, Error{store_*}.
    Event create(const EventRequest& request);
    /// Newest first.
    [[nodiscard]] std::vector<Event> list();
    /// @param  code  any spelling; empty means the only event there is.
    /// @errors throws Error{not_found} that suggests the nearest codes.
    [[nodiscard]] Event find(std::string_view code);
    /// As it is now. @errors throws Error{not_found}.
    [[nodiscard]] Event find(EventId id);
    [[nodiscard]] EventCounts counts(EventId event);
    /// @errors throws Error{retention_expired} once the event is past its retention.
    void require_searchable(const Event& event) const;

  private:
    std::shared_ptr<db::Database> database_;
    const Clock& clock_;
};

}  // namespace findme
