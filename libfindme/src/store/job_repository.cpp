#include "store/job_repository.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "store/columns.hpp"
#include "store/event_repository.hpp"

namespace findme::store {
namespace {

/// An array as PostgreSQL reads one: there are no parameters of that type.
class ArrayText {
  public:
    void add(std::int64_t number) { add_raw(std::to_string(number)); }
    void add(const std::string& bytes) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        std::string hex = "\"\\\\x";
        for (const char c : bytes) {
            const auto byte = static_cast<unsigned char>(c);
            hex += kDigits[byte >> 4U];
            hex += kDigits[byte & 0xFU];
        }
        add_raw(hex + '"');
    }
    [[nodiscard]] db::Value value() const { return text_ + '}'; }

  private:
    void add_raw(const std::string& element) {
        if (text_.size() > 1) text_ += ',';
        text_ += element;
    }

    std::string text_ = "{";
};

/// Columns of files, each an array: paths, sizes, times.
struct FileArrays {
    ArrayText paths;
    ArrayText sizes;
    ArrayText times;

    void add(const PathVersion& file) {
        paths.add(file.path);
        sizes.add(file.size_bytes);
        times.add(file.mtime_ns);
    }
};

/// Ids and attempts of claims.
struct ClaimArrays {
    ArrayText jobs;
    ArrayText attempts;

    explicit ClaimArrays(std::span<const JobClaim> claims) {
        for (const JobClaim& claim : claims) {
            jobs.add(claim.job);
            attempts.add(claim.attempt);
        }
    }
};

DeadJob read_dead(const db::Row& row) {
    return {read_path(row, 0), row.integer(1), read_text_or_empty(row, 2)};
}

/// The database's clock within a statement: as fine as its times, which a parameter is not.
std::string clock_of(const db::Connection& connection) {
    const bool sqlite = connection.dialect() == db::Dialect::sqlite;
    return sqlite ? "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')" : "clock_timestamp()";
}

}  // namespace

QueuedFiles JobRepository::queue(const JobScope& scope, std::span<const PathVersion> files) {
    if (files.empty()) return {};
    // In order, so that two who queue the same files wait for one another and never in a circle.
    std::map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < files.size(); ++i) places.emplace(files[i].path, i);
    FileArrays all;
    for (const auto& [path, place] : places) all.add(files[place]);

    QueuedFiles queued;
    db::Transaction transaction(connection_, db::Access::write);
    EventRepository(connection_).hold_open(scope.event);
    std::vector<bool> is_unchanged(files.size());
    connection_.run(
        "SELECT f.path FROM unnest(CAST($3 AS BYTEA[]), CAST($4 AS BIGINT[]), CAST($5 AS BIGINT[]))"
        " AS f (path, size_bytes, mtime_ns)"
        " JOIN photo_paths t ON t.event_id = $1 AND t.path = f.path AND t.size_bytes = f.size_bytes"
        " AND t.mtime_ns = f.mtime_ns"
        " JOIN photos p ON p.id = t.photo_id AND p.processing_status = 'DONE'"
        " JOIN photo_models m ON m.photo_id = p.id AND m.model_id = $2",
        {scope.event.value, scope.model, all.paths.value(), all.sizes.value(), all.times.value()},
        [&](const db::Row& row) { is_unchanged[places.at(read_path(row, 0))] = true; });
    FileArrays open;
    ArrayText done;
    for (const auto& [path, place] : places) {
        if (is_unchanged[place]) {
            queued.unchanged.push_back(place);
            done.add(files[place].path);
        } else {
            open.add(files[place]);
        }
    }
    // A plain run has done since what was given up here.
    connection_.run(
        "DELETE FROM index_jobs WHERE event_id = $1 AND model_id = $2 AND state = 'dead'"
        " AND path = ANY (CAST($3 AS BYTEA[]))",
        {scope.event.value, scope.model, done.value()});
    connection_.run(
        "INSERT INTO index_jobs AS j (event_id, model_id, path, size_bytes, mtime_ns, state, attempt, due_at,"
        " queued_at)"
        " SELECT $1, $2, f.path, f.size_bytes, f.mtime_ns, 'ready', 0, clock_timestamp(), clock_timestamp()"
        " FROM unnest(CAST($3 AS BYTEA[]), CAST($4 AS BIGINT[]), CAST($5 AS BIGINT[]))"
        " AS f (path, size_bytes, mtime_ns)"
        " ON CONFLICT (event_id, path, model_id) DO UPDATE SET size_bytes = excluded.size_bytes,"
        " mtime_ns = excluded.mtime_ns, state = 'ready', attempt = 0, error = NULL, due_at = excluded.due_at,"
        " queued_at = excluded.queued_at"
        " WHERE j.state <> 'leased'"
        " AND (j.size_bytes <> excluded.size_bytes OR j.mtime_ns <> excluded.mtime_ns)",
        {scope.event.value, scope.model, open.paths.value(), open.sizes.value(), open.times.value()});
    connection_.run(
        "SELECT path, attempt, error FROM index_jobs WHERE event_id = $1 AND model_id = $2"
        " AND state = 'dead' AND path = ANY (CAST($3 AS BYTEA[])) ORDER BY path",
        {scope.event.value, scope.model, open.paths.value()},
        [&](const db::Row& row) { queued.dead.push_back(read_dead(row)); });
    transaction.commit();
    return queued;
}

std::vector<Job> JobRepository::claim(const JobScope& scope, const PathRange& range, JobKind kind,
                                      std::int64_t limit, const std::string& worker,
                                      std::chrono::seconds lease) {
    std::vector<Job> jobs;
    const bool fresh = kind == JobKind::fresh;
    // Materialized: the rows are picked and locked once, whatever the planner makes of the join.
    connection_.run(
        "WITH picked AS MATERIALIZED (SELECT id FROM index_jobs WHERE event_id = $1 AND model_id = $2"
        " AND path >= $3 AND path < $4 AND state <> 'dead' AND due_at <= clock_timestamp()"
        " AND attempt >= $8 AND attempt < $9 ORDER BY path LIMIT $5 FOR UPDATE SKIP LOCKED)"
        " UPDATE index_jobs j SET state = 'leased', attempt = j.attempt + 1, worker = $6,"
        " due_at = clock_timestamp() + $7 * interval '1 second' FROM picked WHERE j.id = picked.id"
        " RETURNING j.id, j.attempt, j.path, j.size_bytes, j.mtime_ns",
        {scope.event.value, scope.model, to_bytes(range.first), to_bytes(range.end), limit, worker,
         static_cast<std::int64_t>(lease.count()), std::int64_t{fresh ? 0 : 1}, fresh ? 1 : kMostAttempts},
        [&](const db::Row& row) {
            jobs.push_back({{row.integer(0), row.integer(1), worker},
                            {read_path(row, 2), row.integer(3), row.integer(4)}});
        });
    std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.file.path < b.file.path; });
    return jobs;
}

std::int64_t JobRepository::renew(std::span<const JobClaim> claims, std::chrono::seconds lease) {
    if (claims.empty()) return 0;
    const ClaimArrays arrays(claims);
    // A row that is locked is about to end by this run's own save, or is another's by now: the others' signs
    // of life do not wait for it.
    return connection_.run(
        "UPDATE index_jobs SET due_at = clock_timestamp() + $4 * interval '1 second' WHERE id IN"
        " (SELECT j.id FROM index_jobs j"
        " JOIN unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[])) AS c (id, attempt)"
        " ON j.id = c.id AND j.attempt = c.attempt"
        " WHERE j.worker = $3 FOR UPDATE OF j SKIP LOCKED)",
        {arrays.jobs.value(), arrays.attempts.value(), claims.front().worker,
         static_cast<std::int64_t>(lease.count())});
}

std::vector<DeadJob> JobRepository::bury(const JobScope& scope, const PathRange& range) {
    std::vector<DeadJob> dead;
    connection_.run(
        "WITH picked AS MATERIALIZED (SELECT id FROM index_jobs WHERE event_id = $1 AND model_id = $2"
        " AND path >= $3 AND path < $4 AND attempt >= $5"
        " AND (state = 'ready' OR state = 'leased' AND due_at <= clock_timestamp())"
        " FOR UPDATE SKIP LOCKED)"
        " UPDATE index_jobs j SET state = 'dead', worker = NULL, error = CASE WHEN j.worker IS NULL"
        " THEN j.error ELSE 'the run that was at it, ' || j.worker || ', gave no sign of life any more' END"
        " FROM picked WHERE j.id = picked.id RETURNING j.path, j.attempt, j.error",
        {scope.event.value, scope.model, to_bytes(range.first), to_bytes(range.end), kMostAttempts},
        [&](const db::Row& row) { dead.push_back(read_dead(row)); });
    return dead;
}

void JobRepository::release(std::span<const JobClaim> claims, Tried tried) {
    if (claims.empty()) return;
    const ClaimArrays arrays(claims);
    connection_.run(
        "UPDATE index_jobs j SET state = 'ready', worker = NULL, due_at = clock_timestamp(),"
        " attempt = j.attempt - $4, error = CASE WHEN $4 = 0 THEN 'the run that was at it, ' || j.worker || "
        "', ended by an error'"
        " ELSE j.error END"
        " FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[])) AS c (id, attempt)"
        " WHERE j.id = c.id AND j.attempt = c.attempt AND j.worker = $3",
        {arrays.jobs.value(), arrays.attempts.value(), claims.front().worker,
         std::int64_t{tried == Tried::yes ? 0 : 1}});
}

void JobRepository::release_unknown(const JobScope& scope, const std::string& worker,
                                    std::span<const JobClaim> known) {
    const ClaimArrays arrays(known);
    connection_.run(
        "UPDATE index_jobs SET state = 'ready', worker = NULL, due_at = clock_timestamp(),"
        " attempt = attempt - 1 WHERE event_id = $1 AND worker = $2 AND id <> ALL (CAST($3 AS BIGINT[]))",
        {scope.event.value, worker, arrays.jobs.value()});
}

bool JobRepository::finish(const JobClaim& claim) {
    return connection_.run("DELETE FROM index_jobs WHERE id = $1 AND attempt = $2 AND worker = $3",
                           {claim.job, claim.attempt, claim.worker}) == 1;
}

bool JobRepository::give_up(const JobClaim& claim, const std::string& error) {
    return connection_.run(
               "UPDATE index_jobs SET state = 'dead', worker = NULL, error = $4"
               " WHERE id = $1 AND attempt = $2 AND worker = $3",
               {claim.job, claim.attempt, claim.worker, error}) == 1;
}

bool JobRepository::postpone(const JobClaim& claim, std::chrono::milliseconds delay,
                             const std::string& error) {
    return connection_.run(
               "UPDATE index_jobs SET state = 'ready', worker = NULL, error = $4,"
               " due_at = clock_timestamp() + $5 * interval '1 millisecond'"
               " WHERE id = $1 AND attempt = $2 AND worker = $3",
               {claim.job, claim.attempt, claim.worker, error, static_cast<std::int64_t>(delay.count())}) ==
           1;
}

JobCounts JobRepository::count(const JobScope& scope, const PathRange& range, const std::string& worker) {
    JobCounts counts;
    connection_.run(
        "SELECT count(*), count(CASE WHEN state = 'leased' AND worker <> $5 THEN 1 END) FROM index_jobs"
        " WHERE event_id = $1 AND model_id = $2 AND path >= $3 AND path < $4 AND state <> 'dead'",
        {scope.event.value, scope.model, to_bytes(range.first), to_bytes(range.end), worker},
        [&](const db::Row& row) {
            counts = {row.integer(0), row.integer(1)};
        });
    return counts;
}

QueueStatus JobRepository::status(EventId event) {
    QueueStatus status;
    const std::string clock = clock_of(connection_);
    const Timestamp now = connection_.now();
    connection_.run(
        "SELECT count(CASE WHEN state = 'ready' THEN 1 END), count(CASE WHEN state = 'leased' THEN 1 END),"
        " count(CASE WHEN state = 'leased' AND due_at <= " +
            clock +
            " THEN 1 END), count(CASE WHEN state = 'dead' THEN 1 END),"
            " min(CASE WHEN state <> 'dead' THEN queued_at END) FROM index_jobs WHERE event_id = $1",
        {event.value}, [&](const db::Row& row) {
            status.ready = row.integer(0);
            status.expired = row.integer(2);
            status.leased = row.integer(1) - status.expired;
            status.dead = row.integer(3);
            if (const auto oldest = read_time(row, 4))
                status.oldest =
                    std::chrono::duration_cast<std::chrono::milliseconds>(std::max(now, *oldest) - *oldest);
        });
    connection_.run(
        "SELECT path, attempt, error FROM index_jobs WHERE event_id = $1 AND state = 'dead' ORDER BY path",
        {event.value}, [&](const db::Row& row) { status.given_up.push_back(read_dead(row)); });
    return status;
}

std::int64_t JobRepository::revive(EventId event) {
    return connection_.run("UPDATE index_jobs SET state = 'ready', attempt = 0, error = NULL, due_at = " +
                               clock_of(connection_) + " WHERE event_id = $1 AND state = 'dead'",
                           {event.value});
}

std::int64_t JobRepository::cancel(EventId event) {
    return connection_.run("DELETE FROM index_jobs WHERE event_id = $1 AND (state <> 'leased' OR due_at <= " +
                               clock_of(connection_) + ")",
                           {event.value});
}

}  // namespace findme::store
