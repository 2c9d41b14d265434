#include "findme/run_lock.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "db/connection.hpp"
#include "findme/error.hpp"
#include "findme/open_store.hpp"

namespace findme {
namespace {

constexpr std::chrono::milliseconds kPoll{100};
/// A run that was killed a moment ago may still hold its lock: the kernel has its memory to take down, the
/// server has its statement to end. That is no reason to refuse the next one.
constexpr std::chrono::milliseconds kGrace{1500};

db::OpenOptions lock_options(const Config& config) {
    db::OpenOptions options = open_options_of(config);
    options.if_missing = db::IfMissing::refuse;
    options.pool_size = 1;
    options.pool_overflow = 0;
    options.application_name = "findme run lock";
    return options;
}

/// @return false when it was stopped.
bool pause(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, kPoll, [] { return false; });
    return !stop.stop_requested();
}

std::unique_ptr<db::NamedLock> wait_for_lock(db::Connection& connection, const RunLockRequest& request,
                                             Log* log) {
    const auto begin = std::chrono::steady_clock::now();
    // In floating point: "for ever" does not fit into the clock's own unit.
    using Seconds = std::chrono::duration<double>;
    const Seconds patience = std::max(Seconds(request.wait), Seconds(kGrace));
    for (bool waits = false;; waits = true) {
        auto lock = request.kind == RunLockKind::shared ? connection.try_shared_lock(request.name)
                                                        : connection.try_lock(request.name);
        if (lock) return lock;
        if (Seconds(std::chrono::steady_clock::now() - begin) >= patience) {
            throw Error({ErrorCode::store_locked,
                         "another findme " + request.activity +
                             (request.wait.count() > 0 ? " for longer than the wait: try again later"
                                                       : ": try again later, or wait for it with --wait"),
                         request.name, Retry::later});
        }
        if (!waits && log != nullptr && request.wait.count() > 0) {
            const LogField fields[] = {{"lock", request.name}};
            log->write(LogLevel::info, "run_lock_waits", fields);
        }
        if (!pause(request.stop)) {
            throw Error(ErrorCode::cancelled, "stopped while another findme " + request.activity +
                                                  ": nothing was begun, the same command may be run again");
        }
    }
}

}  // namespace

/// The lock belongs to a session. It is not one of the pool's: those come and go in the middle of a run. When
/// the server restarts the lock is lost and the run goes on all the same: work is keyed, and a second run
/// beside it does no harm, only the same work twice.
struct RunLock::State {
    std::unique_ptr<db::Database> database;
    std::shared_ptr<db::Connection> connection;
    std::unique_ptr<db::NamedLock> lock;
};

RunLock::RunLock(const Config& config, const std::string& data_dir, const RunLockRequest& request, Log* log)
    : state_(std::make_unique<State>()) {
    state_->database = db::open_database(database_url_of(config, data_dir), lock_options(config));
    state_->connection = state_->database->connect();
    // The session says nothing as long as the run takes, and is not to be ended for that.
    if (state_->connection->dialect() == db::Dialect::postgresql) {
        state_->connection->run(
            "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'");
    }
    state_->lock = wait_for_lock(*state_->connection, request, log);
}

RunLock::RunLock(RunLock&& other) noexcept = default;
RunLock& RunLock::operator=(RunLock&& other) noexcept = default;
RunLock::~RunLock() = default;

}  // namespace findme
