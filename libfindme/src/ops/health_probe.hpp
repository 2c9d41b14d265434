#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "db/connection.hpp"
#include "findme/clock.hpp"
#include "findme/error.hpp"
#include "findme/log.hpp"
#include "ops/repeater.hpp"
#include "store/health_repository.hpp"

namespace findme::ops {

/// Why the database did not answer, without a word of what it said.
struct ProbeFailure {
    ErrorCode code = ErrorCode::store_unreachable;
    std::string sqlstate;  ///< Five characters, or none.
};

/// What is known of the database.
struct DatabaseReading {
    bool connected = false;
    std::optional<ProbeFailure> failure;     ///< Unless connected; nothing before the first probe is over.
    store::HealthFacts facts;                ///< Where connected; as are the next two.
    std::optional<store::RowCounts> counts;  /// Nothing where counting took too long.
    std::optional<store::SampleUser> sample_user;  ///< Only with ProbeOptions::sample_user.
    Timestamp at;                                  ///< Of the last answer.
    std::chrono::duration<double> took{0};         ///< The last answer.
    std::int64_t probes = 0;
    std::int64_t failures = 0;
};

struct ProbeOptions {
    std::chrono::milliseconds cache{2000};  ///< How old what is known may be.
    std::string file;                       ///< Of an embedded database: notices that it is another one.
    bool sample_user = false;
};

/// Asks the database on a thread of its own, over one connection: at least twice a second whether it answers,
/// and in full when what is known is too old. Who asks the probe never waits for the database. One that does
/// not answer within a second counts as down until it does.
class HealthProbe {
  public:
    using OpenDatabase = std::function<std::unique_ptr<db::Database>()>;

    /// @param open  called for each try until the database is there. @param log  may be null.
    HealthProbe(OpenDatabase open, ProbeOptions options, Log* log);
    HealthProbe(const HealthProbe&) = delete;
    HealthProbe& operator=(const HealthProbe&) = delete;
    ~HealthProbe();

    [[nodiscard]] DatabaseReading reading() const;
    /// Waits for the first probe to be over.
    [[nodiscard]] bool wait(std::chrono::milliseconds patience) const;

  private:
    class State;
    std::shared_ptr<State> state_;
    std::unique_ptr<Repeater> repeater_;
};

/// The five characters behind `SQLSTATE ` in an error's message; empty where there are none.
[[nodiscard]] std::string sqlstate_of(const ErrorInfo& error);

}  // namespace findme::ops
