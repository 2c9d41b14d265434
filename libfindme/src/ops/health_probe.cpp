#include "ops/health_probe.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

namespace findme::ops {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// A server that stops is noticed by the next question: within a second there is one.
constexpr std::chrono::milliseconds kLongestPause{500};
constexpr std::chrono::milliseconds kShortestPause{100};
constexpr std::chrono::seconds kLongestAnswer{1};
/// Counting takes a hundredth of the time at most.
constexpr int kCountingShare = 100;

struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
};

std::optional<FileIdentity> identity_of(const std::string& file) {
    struct stat info {};
    if (file.empty() || ::stat(file.c_str(), &info) != 0) return std::nullopt;
    return FileIdentity{info.st_dev, info.st_ino};
}

}  // namespace

std::string sqlstate_of(const ErrorInfo& error) {
    constexpr std::string_view kBefore = "SQLSTATE ";
    constexpr std::size_t kLength = 5;
    const auto at = error.message.find(kBefore);
    if (at == std::string::npos) return {};
    std::string state = error.message.substr(at + kBefore.size(), kLength);
    const bool is_state =
        state.size() == kLength &&
        state.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
    return is_state ? state : std::string();
}

class HealthProbe::State {
  public:
    State(OpenDatabase open, ProbeOptions options, Log* log)
        : open_(std::move(open)), options_(std::move(options)), log_(log) {}

    std::chrono::milliseconds probe() {
        const auto begin = SteadyClock::now();
        set_asking_since(begin);
        try {
            ask(begin);
        } catch (const Error& error) {
            fail({error.code(), sqlstate_of(error.info())});
        } catch (const std::exception&) {
            fail({ErrorCode::internal, {}});
        }
        return std::clamp(options_.cache, kShortestPause, kLongestPause);
    }

    [[nodiscard]] DatabaseReading reading() const {
        const std::lock_guard lock(mutex_);
        const bool hangs = asking_since_ && SteadyClock::now() - *asking_since_ > kLongestAnswer;
        if (!hangs || !known_.connected) return known_;
        DatabaseReading silent;
        silent.failure = ProbeFailure{};
        silent.at = known_.at;
        silent.probes = known_.probes;
        silent.failures = known_.failures;
        return silent;
    }

    [[nodiscard]] bool wait(std::chrono::milliseconds patience) const {
        std::unique_lock lock(mutex_);
        return answered_.wait_for(lock, patience, [&] { return known_.probes > 0; });
    }

    /// Nobody is there to read it any more; the probe at work may come to an end much later.
    void silence() {
        const std::lock_guard lock(mutex_);
        log_ = nullptr;
    }

  private:
    void ask(SteadyClock::time_point begin) {
        const auto connection = connect();
        if (begin < facts_due_) {
            store::touch(*connection);
            return succeed([&](DatabaseReading& known) { known.took = SteadyClock::now() - begin; });
        }
        DatabaseReading read;
        read.facts = store::read_health_facts(*connection);
        if (options_.sample_user) read.sample_user = store::sample_user(*connection);
        read.took = SteadyClock::now() - begin;
        if (begin >= counts_due_) count(*connection);
        // Half a pause of grace: the pauses are not to the microsecond.
        facts_due_ = begin + options_.cache - kShortestPause / 2;
        succeed([&](DatabaseReading& known) {
            known.facts = std::move(read.facts);
            known.sample_user = std::move(read.sample_user);
            known.took = read.took;
            known.counts = counts_;
        });
    }

    std::shared_ptr<db::Connection> connect() {
        const auto identity = identity_of(options_.file);
        if (identity != identity_) database_.reset();
        identity_ = identity;
        if (!database_) database_ = open_();
        return database_->connect();
    }

    void count(db::Connection& connection) {
        const auto begin = SteadyClock::now();
        try {
            counts_ = store::count_rows(connection);
        } catch (const Error&) {
            // It answers all the same; whether it still does, the next question tells.
            counts_.reset();
        }
        const auto end = SteadyClock::now();
        counts_due_ = end + (end - begin) * kCountingShare;
    }

    void set_asking_since(SteadyClock::time_point time) {
        const std::lock_guard lock(mutex_);
        asking_since_ = time;
    }

    template <typename Update>
    void succeed(const Update& update) {
        const std::lock_guard lock(mutex_);
        const bool was_down = known_.failure.has_value();
        update(known_);
        known_.connected = true;
        known_.failure.reset();
        known_.at = system_clock().now();
        if (was_down) say(LogLevel::warning, "health_database_up", {});
        finish();
    }

    void fail(ProbeFailure failure) {
        // What is known of a database that went away need not be true of the one that comes back.
        facts_due_ = counts_due_ = {};
        counts_.reset();
        const std::lock_guard lock(mutex_);
        const bool was_down = known_.failure && known_.failure->code == failure.code;
        DatabaseReading read;
        read.at = known_.at;
        read.probes = known_.probes;
        read.failures = known_.failures + 1;
        read.failure = std::move(failure);
        known_ = std::move(read);
        if (!was_down) say(LogLevel::error, "health_database_down", *known_.failure);
        finish();
    }

    /// Under the lock.
    void finish() {
        ++known_.probes;
        asking_since_.reset();
        answered_.notify_all();
    }

    /// Under the lock.
    void say(LogLevel level, std::string_view event, const std::optional<ProbeFailure>& failure) const {
        if (log_ == nullptr) return;
        if (!failure) return log_->write(level, event, {});
        const std::array<LogField, 2> fields{
            {{"code", std::string(to_string(failure->code))}, {"sqlstate", failure->sqlstate}}};
        log_->write(level, event, std::span(fields).first(failure->sqlstate.empty() ? 1 : 2));
    }

    // The probing thread's own.
    OpenDatabase open_;
    ProbeOptions options_;
    std::unique_ptr<db::Database> database_;
    std::optional<FileIdentity> identity_;
    std::optional<store::RowCounts> counts_;
    SteadyClock::time_point facts_due_;
    SteadyClock::time_point counts_due_;

    mutable std::mutex mutex_;
    mutable std::condition_variable answered_;
    Log* log_;
    DatabaseReading known_;
    std::optional<SteadyClock::time_point> asking_since_;
};

HealthProbe::HealthProbe(OpenDatabase open, ProbeOptions options, Log* log)
    : state_(std::make_shared<State>(std::move(open), std::move(options), log)),
      repeater_(std::make_unique<Repeater>([state = state_] { return state->probe(); })) {}

HealthProbe::~HealthProbe() {
    repeater_.reset();
    state_->silence();
}

DatabaseReading HealthProbe::reading() const {
    return state_->reading();
}

bool HealthProbe::wait(std::chrono::milliseconds patience) const {
    return state_->wait(patience);
}

}  // namespace findme::ops
