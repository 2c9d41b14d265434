#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "findme/clock.hpp"
#include "findme/erasure.hpp"
#include "findme/export.hpp"
#include "findme/ids.hpp"

namespace findme {

namespace access {
struct Parts;
}

inline constexpr int kDefaultRetentionDays = 365;
inline constexpr int kMaxRetentionDays = 3 * 365;

/// A wedding, a race, a conference: the frame within which faces are compared, and never beyond.
struct Event {
    EventId id;
    std::string name;  ///< UTF-8.
    std::string code;  ///< Unique; looked up tolerantly, see normalise_event_code.
    std::optional<Date> date;
    /// Nothing for an adopted event that nobody has decided about.
    std::optional<int> retention_days = kDefaultRetentionDays;
    Timestamp created_at;
    /// From here on nothing may be matched: `retention_days` after the event's date, or after its creation.
    /// Nothing while that is undecided.
    std::optional<Timestamp> expires_at;
    std::optional<AccountId> photographer = std::nullopt;  ///< Whose event it is.
    /// When its faces were erased; from here on nothing is indexed, until the retention is set anew.
    std::optional<Timestamp> purged_at;
    /// Nobody has said how long its faces may be kept: it is neither purged nor searched until somebody does.
    [[nodiscard]] bool is_undecided() const noexcept { return !expires_at; }
    [[nodiscard]] bool is_expired(Timestamp now) const noexcept { return expires_at && now >= *expires_at; }
    /// Whether faces may be kept and compared: within its retention, and not purged before its time.
    [[nodiscard]] bool is_searchable(Timestamp now) const noexcept {
        return !is_undecided() && !is_expired(now) && !purged_at;
    }
};

/// What an event holds.
struct EventCounts {
    std::int64_t photos = 0;  ///< Indexed, failed ones not counted.
    std::int64_t failed = 0;
    std::int64_t faces = 0;
};

/// Who and what is in an event.
struct EventStats {
    std::int64_t guests = 0;   ///< Whose own event it is.
    std::int64_t joined = 0;   ///< Guests of other events.
    std::int64_t selfies = 0;  ///< References of both.
    std::int64_t photos = 0;   ///< Indexed, failed ones not counted.
    std::int64_t failed = 0;
    std::int64_t photos_without_face = 0;
    std::int64_t faces = 0;
    std::int64_t matches = 0;
    std::int64_t matched_guests = 0;
};

struct EventRequest {
    std::string name;
    std::string code;  ///< Empty: one is generated.
    std::optional<Date> date;
    int retention_days = kDefaultRetentionDays;
    std::optional<AccountId> photographer = std::nullopt;
};

/// What is to be different; what is not given stays.
struct EventUpdate {
    std::optional<std::string> name;
    std::optional<std::string> code;
    std::optional<Date> date;
    std::optional<int> retention_days;
    std::optional<AccountId> photographer;
    bool no_photographer = false;  ///< Nobody's event any more.
};

/// Upper case, without blanks and dashes: "a7 kq-2mxp" and "A7KQ2MXP" are one code.
FINDME_API std::string normalise_event_code(std::string_view code);

/// Events of one database. Every change is one transaction together with its entry in the audit. Thread-safe.
class FINDME_API Events {
  public:
    explicit Events(std::shared_ptr<const access::Parts> parts);
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
    [[nodiscard]] EventStats stats(EventId event);
    /// A date or a retention that ends in the future opens a purged event again: its photos may be indexed
    /// anew. An undecided event is decided by a retention alone.
    /// @errors as create(), and Error{not_found}.
    Event update(EventId id, const EventUpdate& update);

    /// Removes the event with its guests, its photos' rows, faces, templates and matches, and looks again.
    /// The photo files stay, and so do guests of other events who joined it. A big event goes in several
    /// transactions, each of which leaves an event that is whole: a run that was killed is finished by
    /// another.
    /// @param  stop  ends it between two of them.
    /// @errors throws Error{not_found}, Error{cancelled}, Error{clocks_differ}.
    ErasureReceipt remove(EventId event, DryRun dry_run = DryRun::no, const std::stop_token& stop = {});
    /// Removes the faces, templates and matches of the event, and the selfies and consents of its guests
    /// unless another event of theirs is within its retention; looks again. The event, its accounts and the
    /// rows of its photos stay.
    /// @errors throws Error{not_found}, Error{clocks_differ}.
    ErasureReceipt purge(EventId event, DryRun dry_run = DryRun::no);
    /// purge() for an event that is past its retention at the moment of erasing.
    /// @return nothing when it has time (again): then nothing was erased.
    std::optional<ErasureReceipt> purge_expired(EventId event);
    /// Events past their retention of which a purge would find something, oldest first; undecided ones never
    /// are.
    [[nodiscard]] std::vector<Event> expired();

    /// By the database's clock, as everything about a retention.
    /// @errors throws Error{retention_expired} once the event is past its retention, or purged,
    /// Error{retention_undecided}.
    void require_searchable(const Event& event) const;
    /// What erases does this first, here and elsewhere: for who wants to know before the first of many.
    /// @errors throws Error{clocks_differ} when this machine's clock and the database's are a day or more
    /// apart.
    void require_agreed_clocks() const;

  private:
    std::shared_ptr<const access::Parts> parts_;
};

}  // namespace findme
