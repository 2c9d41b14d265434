#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "findme/config.hpp"
#include "findme/error.hpp"
#include "findme/export.hpp"
#include "findme/log.hpp"

namespace findme {

/// Answers `/livez`, `/readyz`, `/metrics`, `/api/health-check` and, where `health.db_raw_test` says so,
/// `/api/db-raw-test` over HTTP, from threads of its own; GET and HEAD only. What the database says is asked
/// for over one connection that it keeps for itself, by one request at a time, and repeated to the others for
/// `health.cache_ms`. No answer holds a database's error text, a path or an account's name.
class FINDME_API HealthServer {
  public:
    /// Listens as `health.listen` says. A database that is down is an answer, not an error.
    /// @param    data_dir  as for Findme. @param log  null: silence. Must outlive the server.
    /// @errors   throws Error{config_invalid} for an address that is none; Error{already_exists} when it is
    /// taken;
    ///           Error{store_denied} when it may not be used.
    HealthServer(const Config& config, std::string data_dir, Log* log);
    HealthServer(const HealthServer&) = delete;
    HealthServer& operator=(const HealthServer&) = delete;
    ~HealthServer();

    /// Where it listens: `127.0.0.1:9631` with the port that it got, or `unix:/run/findme/health.sock`.
    [[nodiscard]] std::string address() const;
    /// Whether it still answers: asks itself for `/livez`. For a watchdog.
    [[nodiscard]] bool answers() const;
    /// Accepts no more, waits for the requests at work, `patience` at most, and ends.
    void drain(std::chrono::milliseconds patience);

  private:
    class State;
    std::unique_ptr<State> state_;
};

enum class Severity { note, warning, error };
/// `note`, `warning`, `error`.
FINDME_API std::string_view to_string(Severity severity) noexcept;

/// One thing that is not as it should be.
struct Finding {
    std::string check;  ///< Stable name of what was looked at, as in `schema.index_missing`.
    Severity severity = Severity::warning;
    ErrorCode code = ErrorCode::internal;  ///< Of its kind: what a command that runs into it would end with.
    std::string message;                   ///< What was found, one sentence.
    std::string remedy;                    ///< What to do, one sentence; a command where there is one.
    bool fixable = false;                  ///< Repairs::safe would mend it without loss.
    bool fixed = false;
};

/// One thing that was looked at.
struct DoctorCheck {
    std::string name;      ///< Stable, as in `database`, `schema`, `models`.
    std::string summary;   ///< What was seen, as in `PostgreSQL 15.18, step 7 of 7`.
    bool skipped = false;  ///< Could not be looked at; the summary says why.
    std::vector<Finding> findings;
};

struct DoctorReport {
    std::vector<DoctorCheck> checks;
    /// The gravest severity that was not mended; note when there is nothing.
    [[nodiscard]] FINDME_API Severity worst() const;
};

enum class Repairs { none, safe };

/// Hears of the checks as they are made, on the thread that examine() was called on.
class FINDME_API DoctorObserver {
  public:
    virtual ~DoctorObserver() = default;
    /// It may take long: a scan of a large table, a chain of a million entries.
    virtual void on_check(std::string_view name) { static_cast<void>(name); }
    virtual void on_checked(const DoctorCheck& check) { static_cast<void>(check); }
};

/// Looks at everything findme needs: configuration, database, schema, pool against the server's limit,
/// models, faces against photos and models, disk, clock, permissions. One part that fails hides no other.
/// @param    repairs  safe: also mends what can be mended without loss.
/// @errors   none: what cannot be looked at is a finding.
FINDME_API DoctorReport examine(const LoadedConfig& config, const std::string& data_dir, Repairs repairs,
                                DoctorObserver& observer);
/// The same, with nobody looking on.
FINDME_API DoctorReport examine(const LoadedConfig& config, const std::string& data_dir, Repairs repairs);

}  // namespace findme
