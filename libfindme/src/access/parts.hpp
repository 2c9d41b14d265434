#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/account.hpp"
#include "findme/clock.hpp"
#include "findme/log.hpp"
#include "findme/match.hpp"

/// What the services of this room work with. They know neither pixels nor distances: who does is handed in.
namespace findme::access {

/// A selfie as it was judged.
struct JudgedSelfie {
    SelfieCheck check;
    Template face_template;  ///< Of an accepted one.
};

/// Reads and judges selfies. Thread-safe.
class SelfieJudge {
  public:
    virtual ~SelfieJudge() = default;
    /// In the order of `files`; a refused one is no error.
    /// @errors throws Error{model_*}.
    [[nodiscard]] virtual std::vector<JudgedSelfie> judge(std::span<const std::string> files) const = 0;
    /// Whose templates these are.
    [[nodiscard]] virtual const ModelId& model() const = 0;
};

/// Keeps the matches of an event as its photos and its guests' references say. Thread-safe.
class EventMatcher {
  public:
    virtual ~EventMatcher() = default;
    /// Photos of the event on which a face is near one of `references`. Reads only: for before the
    /// transaction.
    [[nodiscard]] virtual std::vector<PhotoId> photos_near(db::Connection& connection, EventId event,
                                                           std::span<const Template> references) const = 0;
    /// Makes the matches of `photos`, and of those on which `account` is matched, anew. Within the caller's
    /// writing transaction, after the references were changed.
    virtual void rematch(db::Connection& connection, EventId event, AccountId account,
                         std::span<const PhotoId> photos) const = 0;
    /// The same for an account that goes: as if it had no references any more. Its own matches stay until it
    /// is gone.
    virtual void release(db::Connection& connection, EventId event, AccountId account) const = 0;
    /// Matches the next few photos that were indexed since; a transaction of its own.
    /// @return how many; 0: none is left.
    [[nodiscard]] virtual std::size_t match_new(db::Connection& connection, EventId event) const = 0;
};

struct Parts {
    std::shared_ptr<db::Database> database;
    const Clock& clock;
    Log* log = nullptr;  ///< May be null.
    std::string actor;   ///< For the audit.
    std::shared_ptr<const SelfieJudge> selfie_judge;
    std::shared_ptr<const EventMatcher> event_matcher;
};

}  // namespace findme::access
