#include "ingest/queue_source.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <random>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "db/retry.hpp"
#include "findme/error.hpp"
#include "ingest/walk_source.hpp"

namespace findme::ingest {
namespace fs = std::filesystem;
using std::chrono::steady_clock;
namespace {

constexpr std::size_t kFilesQueuedAtOnce = 256;
constexpr std::chrono::milliseconds kFirstPoll{50};
constexpr std::chrono::milliseconds kLongestPoll{1000};
constexpr std::chrono::milliseconds kCountEvery{1000};
/// A long queue takes its time to count: that is at most this part of the run.
constexpr int kCountShare = 20;

/// Says who it is to people, and is no other run's.
std::string worker_name() {
    std::array<char, 65> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host = {'?'};
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::random_device random;
    std::string name = std::string(host.data()) + ':' + std::to_string(::getpid()) + ':';
    for (int i = 0; i < 8; ++i) name += kDigits[random() % kDigits.size()];
    return name;
}

/// The first path behind all that begin with this one and a NUL, which no path has.
std::string after(const std::string& path) {
    return path + '\0';
}

/// What lies in a folder, by the bytes of its path.
store::PathRange range_in(const std::string& folder) {
    const std::string inside = folder == "/" ? folder : folder + '/';
    std::string end = inside;
    ++end.back();
    return {inside, end};
}

bool is_in(const store::PathRange& range, const std::string& path) {
    return path >= range.first && path < range.end;
}

}  // namespace

QueueSource::QueueSource(const IndexRequest& request, ModelId model, db::Database& database,
                         QueueOptions options)
    : request_(request),
      database_(database),
      scope_{request.event.id, std::move(model)},
      options_(options),
      worker_(worker_name()),
      scanner_(request.paths, nullptr),
      total_(count_files(request.paths, request.stop)),
      leases_(database, options.lease) {
    for (const auto& path : request.paths) add_folder(path);
}

QueueSource::~QueueSource() {
    try {
        // The run ended by an error: what was at work counts as tried, in case it was that.
        const auto begun = [&] {
            auto claims = leases_.held();
            std::erase_if(claims, [&](const store::JobClaim& claim) {
                return std::any_of(hand_.begin(), hand_.end(),
                                   [&](const store::Job& job) { return job.claim.job == claim.job; });
            });
            return claims;
        }();
        if (begun.empty() && hand_.empty()) return;
        std::vector<store::JobClaim> in_hand;
        for (const auto& job : hand_) in_hand.push_back(job.claim);
        const auto connection = database_.connect();
        store::JobRepository jobs(*connection);
        jobs.release(in_hand, store::JobRepository::Tried::no);
        jobs.release(begun, store::JobRepository::Tried::yes);
    } catch (const std::exception&) {
        // The database is away: the leases run out.
    }
}

void QueueSource::add_folder(const fs::path& path) {
    std::error_code error;
    fs::path absolute = fs::absolute(path, error).lexically_normal();
    if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
    if (!fs::is_directory(absolute, error))
        throw Error(ErrorCode::invalid_argument,
                    "only folders can be shared, and " + base::quoted(path.native()) + " is none",
                    path.native());
    Folder folder;
    folder.path = absolute.native();
    folder.range = range_in(folder.path);
    folder.from = folder.range.first;
    struct stat facts {};
    if (::stat(folder.path.c_str(), &facts) == 0) {
        folder.device = facts.st_dev;
        folder.inode = facts.st_ino;
    }
    const bool known = std::any_of(folders_.begin(), folders_.end(), [&](const Folder& other) {
        return other.path == folder.path || is_in(other.range, folder.path);
    });
    if (known) return;
    std::erase_if(folders_, [&](const Folder& other) { return is_in(folder.range, other.path); });
    folders_.push_back(std::move(folder));
}

void QueueSource::require_folders() const {
    for (const Folder& folder : folders_) {
        struct stat facts {};
        if (::stat(folder.path.c_str(), &facts) == 0 && facts.st_dev == folder.device &&
            facts.st_ino == folder.inode)
            continue;
        throw Error(ErrorCode::not_found,
                    "the folder " + base::quoted(folder.path) +
                        " is gone, or is not the one that this run began with (was it unmounted?): its "
                        "photos are left to the other runs",
                    folder.path);
    }
}

std::optional<PhotoWork> QueueSource::next() {
    for (;;) {
        if (stop()) return std::nullopt;
        if (!met_.empty()) {
            PhotoWork work = std::move(met_.front());
            met_.pop_front();
            return work;
        }
        if (!hand_.empty()) {
            store::Job job = std::move(hand_.front());
            hand_.pop_front();
            PhotoWork work;
            work.item.path = std::move(job.file.path);
            work.stat = {job.file.size_bytes, job.file.mtime_ns};
            work.claim = std::move(job.claim);
            leases_.add(*work.claim);  // At work from now on.
            work.wanted = true;
            return work;
        }
        if (std::exchange(alone_, false)) return std::nullopt;
        if (!walked_) walk_on();
        if (!claim_fresh() && met_.empty() && walked_) return std::nullopt;
    }
}

bool QueueSource::stop() {
    if (!request_.stop.stop_requested()) return false;
    stopped_ = true;
    release_hand();
    return true;
}

void QueueSource::release_hand() {
    if (hand_.empty()) return;
    std::vector<store::JobClaim> claims;
    for (const auto& job : hand_) claims.push_back(job.claim);
    db::run_retrying(
        database_,
        [&](db::Connection& connection) {
            store::JobRepository(connection).release(claims, store::JobRepository::Tried::no);
        },
        db::IfInDoubt::repeat);
    for (const auto& claim : claims) leases_.remove(claim);
    hand_.clear();
}

void QueueSource::walk_on() {
    std::vector<store::PathVersion> files;
    std::int64_t seen = 0;
    while (files.size() < kFilesQueuedAtOnce && met_.size() < kFilesQueuedAtOnce) {
        auto found = scanner_.next();
        if (!found) {
            walked_ = true;
            break;
        }
        ++seen;
        PhotoWork work = work_of(std::move(*found));
        if (work.item.error) {
            met_.push_back(std::move(work));
        } else {
            files.push_back({std::move(work.item.path), work.stat.size_bytes, work.stat.mtime_ns});
        }
    }
    const auto queued = db::fetch_retrying(
        database_,
        [&](db::Connection& connection) { return store::JobRepository(connection).queue(scope_, files); },
        db::IfInDoubt::repeat);
    for (const std::size_t place : queued.unchanged) {
        PhotoWork work;
        work.item.path = std::move(files[place].path);
        work.item.outcome = IndexOutcome::unchanged;
        met_.push_back(std::move(work));
    }
    for (const auto& dead : queued.dead) report_dead(dead);
    seen_ += seen;  // Only now: what is seen is queued, or done.
}

void QueueSource::report_dead(const DeadJob& dead) {
    PhotoWork work;
    work.item.path = dead.path;
    work.item.outcome = IndexOutcome::failed;
    const std::string attempts = dead.attempts == 1 ? " attempt" : " attempts";
    work.item.error =
        ErrorInfo{ErrorCode::given_up,
                  base::quoted(dead.path) + " was given up after " + std::to_string(dead.attempts) +
                      attempts + ": " + dead.error + " (`findme queue retry` has it tried again)",
                  dead.path};
    met_.push_back(std::move(work));
}

std::vector<store::Job> QueueSource::claim(const store::PathRange& range, store::JobKind kind,
                                           std::int64_t limit) {
    int tries = 0;
    return db::fetch_retrying(
        database_,
        [&](db::Connection& connection) {
            store::JobRepository jobs(connection);
            // What was taken before the answer was lost is nobody's until its lease runs out.
            if (tries++ > 0) jobs.release_unknown(scope_, worker_, leases_.held());
            return jobs.claim(scope_, range, kind, limit, worker_, options_.lease);
        },
        db::IfInDoubt::repeat);
}

void QueueSource::take(std::vector<store::Job> jobs) {
    for (auto& job : jobs) {
        leases_.add(job.claim);
        hand_.push_back(std::move(job));
    }
}

bool QueueSource::claim_fresh() {
    require_folders();
    for (Folder& folder : folders_) {
        // From where the last one ended, so that nobody has to step over what is done; then once from the
        // beginning, for what was given back or came later.
        for (;;) {
            auto jobs = claim({folder.from, folder.range.end}, store::JobKind::fresh, options_.claim_photos);
            if (!jobs.empty()) {
                folder.from = after(jobs.back().file.path);
                take(std::move(jobs));
                return true;
            }
            if (folder.from == folder.range.first) break;
            folder.from = folder.range.first;
        }
    }
    return false;
}

bool QueueSource::claim_failed() {
    for (const Folder& folder : folders_) {
        auto jobs = claim(folder.range, store::JobKind::failed, 1);
        if (jobs.empty()) continue;
        take(std::move(jobs));
        return alone_ = true;
    }
    return false;
}

void QueueSource::bury() {
    for (const Folder& folder : folders_) {
        const auto dead = db::fetch_retrying(
            database_,
            [&](db::Connection& connection) {
                return store::JobRepository(connection).bury(scope_, folder.range);
            },
            db::IfInDoubt::repeat);
        for (const auto& job : dead) report_dead(job);
    }
}

store::JobCounts QueueSource::count() {
    return db::fetch_retrying(database_, [&](db::Connection& connection) {
        store::JobRepository jobs(connection);
        store::JobCounts all;
        for (const Folder& folder : folders_) {
            const auto counts = jobs.count(scope_, folder.range, worker_);
            all.open += counts.open;
            all.elsewhere += counts.elsewhere;
        }
        return all;
    });
}

bool QueueSource::go_on(const std::function<void()>& meanwhile) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    for (std::chrono::milliseconds pause = kFirstPoll;; pause = std::min(pause * 2, kLongestPoll)) {
        if (stop()) return false;
        bury();
        if (!met_.empty() || claim_fresh() || claim_failed()) return true;
        next_count_ = {};
        meanwhile();
        if (counts_.open == 0) return false;
        never.wait_for(lock, request_.stop, pause, [] { return false; });
    }
}

void QueueSource::on_ended(const PhotoWork& work) {
    if (work.claim) leases_.remove(*work.claim);
}

void QueueSource::measure(IndexProgress& progress) {
    const auto begin = steady_clock::now();
    if (begin >= next_count_) {
        const std::int64_t seen = seen_;  // First: what is queued meanwhile is not taken for done.
        counts_ = count();
        done_ = std::max(done_, seen - counts_.open);
        const auto end = steady_clock::now();
        next_count_ = end + std::max<steady_clock::duration>(kCountEvery, kCountShare * (end - begin));
    }
    progress.total = total_;
    progress.done = done_;
    progress.elsewhere = counts_.elsewhere;
}

}  // namespace findme::ingest
