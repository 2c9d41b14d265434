#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "findme/config.hpp"
#include "findme/export.hpp"
#include "findme/log.hpp"

namespace findme {

inline constexpr std::chrono::seconds kWaitForEver = std::chrono::seconds::max();

/// `shared` runs of one name run beside one another, and not beside one that is `alone`.
enum class RunLockKind { alone, shared };

struct RunLockRequest {
    std::string name;      ///< Letters, digits and dashes; runs of one name exclude each other.
    std::string activity;  ///< For messages, as in `is indexing this event`.
    std::chrono::seconds wait{
        0};                     ///< For the other run to end; or kWaitForEver. At least a moment is waited.
    std::stop_token stop = {};  ///< Ends the waiting.
    RunLockKind kind = RunLockKind::alone;
};

/// Keeps every other run of the same name on the same database out, but for those that share it with this
/// one, whatever process or host it is on, as long as it lives. It goes with its process, however that ends.
class FINDME_API RunLock {
  public:
    /// @param data_dir  where the database is when the configuration does not say; it must be there.
    /// @param log       hears of a wait; may be null.
    /// @errors throws Error{store_locked} when another run holds the lock for longer than the request waits,
    ///         Error{cancelled} when the waiting was stopped, Error{store_*, config_invalid, not_found}.
    RunLock(const Config& config, const std::string& data_dir, const RunLockRequest& request, Log* log);
    RunLock(RunLock&& other) noexcept;
    RunLock& operator=(RunLock&& other) noexcept;
    ~RunLock();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace findme
