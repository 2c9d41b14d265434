// The queue of shared runs. Leases of no seconds have run out as soon as they are taken: nothing here waits.
#include "store/job_repository.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "findme/queue.hpp"
#include "store/event_repository.hpp"
#include "store/photo_repository.hpp"
#include "support/slow.hpp"
#include "support/test_database.hpp"

using namespace findme;
using namespace findme::store;
using namespace std::chrono_literals;
using testing::available_postgresql;
using testing::TestDatabase;

namespace {

const PathRange kAll{"/photos/", "/photos0"};

EventId insert_event(db::Database& database) {
    Event event;
    event.name = "Party";
    event.code = "PARTY";
    event.created_at = testing::FixedClock().now();
    event.expires_at = event.created_at + std::chrono::days{90};
    return EventRepository(*database.connect()).insert(event);
}

struct Queued {
    explicit Queued(db::Dialect dialect)
        : database(dialect),
          scope{insert_event(database.database()), "test-model"},
          connection(database.connect()),
          jobs(*connection) {}

    QueuedFiles queue(const std::vector<std::string>& names, std::int64_t mtime_ns = 1) {
        std::vector<PathVersion> files;
        for (const auto& name : names) files.push_back({"/photos/" + name, 10, mtime_ns});
        return jobs.queue(scope, files);
    }
    std::vector<Job> claim(const std::string& worker, std::int64_t limit = 1, JobKind kind = JobKind::fresh,
                           std::chrono::seconds lease = 60s) {
        return jobs.claim(scope, kAll, kind, limit, worker, lease);
    }
    QueueStatus status() { return jobs.status(scope.event); }
    /// One attempt that ends without a sign of life.
    void die_at_work(const std::string& worker, JobKind kind) {
        CHECK(claim(worker, 1, kind, 0s).size() == 1);
    }
    PhotoRecord record(const Job& job, PhotoStatus status = PhotoStatus::done) {
        PhotoRecord record;
        record.event = scope.event;
        record.model = scope.model;
        record.hash.fill(static_cast<std::uint8_t>(job.claim.job));
        record.path = job.file;
        record.status = status;
        record.claim = job.claim;
        record.indexed_at = testing::FixedClock().now();
        return record;
    }
    std::int64_t rows(const std::string& table) {
        std::int64_t count = 0;
        connection->run("SELECT count(*) FROM " + table, {},
                        [&](const db::Row& row) { count = row.integer(0); });
        return count;
    }

    TestDatabase database;
    JobScope scope;
    std::shared_ptr<db::Connection> connection;
    JobRepository jobs;
};

std::vector<std::string> numbered(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back(std::to_string(1'000'000 + i) + ".jpg");
    return names;
}

}  // namespace

TEST_CASE("jobs: two who queue the same files at the same time make one job of each", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        constexpr int kFiles = 2000;
        const auto names = numbered(kFiles);
        std::vector<std::jthread> scanners;
        for (int i = 0; i < 4; ++i) {
            scanners.emplace_back([&] {
                const auto connection = place.database.connect();
                JobRepository jobs(*connection);
                for (std::size_t first = 0; first < names.size(); first += 100) {
                    std::vector<PathVersion> files;
                    for (std::size_t n = first; n < first + 100; ++n)
                        files.push_back({"/photos/" + names[n], 10, 1});
                    static_cast<void>(jobs.queue(place.scope, files));
                }
            });
        }
        scanners.clear();
        CHECK(place.status().ready == kFiles);
    }
}

TEST_CASE("jobs: of eight who take thousands of jobs each job is one's", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        constexpr int kFiles = 4000;
        static_cast<void>(place.queue(numbered(kFiles)));
        std::atomic<int> taken{0};
        std::atomic<int> refused{0};
        std::vector<std::jthread> workers;
        for (int i = 0; i < 8; ++i) {
            workers.emplace_back([&, worker = "w" + std::to_string(i)] {
                const auto connection = place.database.connect();
                JobRepository jobs(*connection);
                for (;;) {
                    const auto mine = jobs.claim(place.scope, kAll, JobKind::fresh, 7, worker, 60s);
                    if (mine.empty()) return;
                    for (const auto& job : mine) {
                        ++taken;
                        if (!jobs.finish(job.claim)) ++refused;
                    }
                }
            });
        }
        workers.clear();
        CHECK(taken == kFiles);
        CHECK(refused == 0);
        CHECK(place.rows("index_jobs") == 0);
    }
}

TEST_CASE("jobs: they are taken in order of path, within the folder asked for", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        const std::string odd = std::string("\xFF\n\"\\{},") + "x.jpg";
        static_cast<void>(place.queue({"b.jpg", odd, "a/2.jpg", "a/1.jpg"}));
        const auto first =
            place.jobs.claim(place.scope, {"/photos/a/", "/photos/a0"}, JobKind::fresh, 9, "w", 60s);
        REQUIRE(first.size() == 2);
        CHECK(first[0].file.path == "/photos/a/1.jpg");
        CHECK(first[1].file.path == "/photos/a/2.jpg");
        CHECK(first[0].file.size_bytes == 10);
        CHECK(first[0].file.mtime_ns == 1);
        const auto rest = place.claim("w", 9);
        REQUIRE(rest.size() == 2);
        CHECK(rest[1].file.path == "/photos/" + odd);
        CHECK(place.claim("w", 9).empty());
    }
}

TEST_CASE("jobs: what is written for a lease that was lost changes nothing", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        static_cast<void>(place.queue({"a.jpg"}));
        const auto slow = place.claim("slow", 1, JobKind::fresh, 0s);
        REQUIRE(slow.size() == 1);
        CHECK(place.status().expired == 1);
        const auto other = place.claim("other", 1, JobKind::failed);
        REQUIRE(other.size() == 1);
        CHECK(other[0].claim.attempt == 2);

        PhotoRepository photos(*place.connection);
        const std::array late = {place.record(slow[0])};
        CHECK(photos.save(late) == std::vector<std::size_t>{0});
        CHECK(photos.save_path(place.scope.event, PhotoId{1}, slow[0].file, &slow[0].claim) ==
              PathOutcome::claim_lost);
        CHECK_FALSE(place.jobs.finish(slow[0].claim));
        CHECK_FALSE(place.jobs.give_up(slow[0].claim, "late"));
        CHECK_FALSE(place.jobs.postpone(slow[0].claim, 0ms, "late"));
        const std::array claims = {slow[0].claim};
        CHECK(place.jobs.renew(claims, 60s) == 0);
        place.jobs.release(claims, JobRepository::Tried::yes);
        CHECK(place.rows("photos") == 0);
        CHECK(place.status().leased == 1);

        const std::array good = {place.record(other[0])};
        CHECK(photos.save(good).empty());
        CHECK(place.rows("photos") == 1);
        CHECK(place.rows("index_jobs") == 0);
        CHECK(photos.save(late) == std::vector<std::size_t>{0});
        CHECK(place.rows("photo_paths") == 1);
    }
}

TEST_CASE("jobs: a batch saves what it still has, and leaves out what it lost", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        static_cast<void>(place.queue({"a.jpg", "b.jpg", "c.jpg"}));
        const auto mine = place.claim("w", 3);
        REQUIRE(mine.size() == 3);
        place.connection->run("UPDATE index_jobs SET worker = 'thief', attempt = 2 WHERE id = $1",
                              {mine[1].claim.job});
        PhotoRepository photos(*place.connection);
        const std::array batch = {place.record(mine[0]), place.record(mine[1]),
                                  place.record(mine[2], PhotoStatus::failed)};
        CHECK(photos.save(batch) == std::vector<std::size_t>{1});
        CHECK(place.rows("photos") == 2);
        CHECK(photos.was_saved(batch[0]));
        CHECK_FALSE(photos.was_saved(batch[1]));
        CHECK(place.status().dead == 1);
        CHECK(place.status().leased == 1);
    }
}

TEST_CASE("jobs: a sign of life keeps a lease, also one that nobody has taken yet", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        static_cast<void>(place.queue({"a.jpg"}));
        const auto job = place.claim("w", 1, JobKind::fresh, 0s);
        const std::array claims = {job.at(0).claim};
        CHECK(place.jobs.renew(claims, 60s) == 1);
        CHECK(place.claim("other", 1, JobKind::failed).empty());
        CHECK(place.status().leased == 1);
        CHECK(place.jobs.finish(claims[0]));
    }
}

TEST_CASE("jobs: one whose workers die is tried three times and then given up", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        static_cast<void>(place.queue({"poison.jpg", "good.jpg"}));
        CHECK(place.claim("good", 1)[0].file.path == "/photos/good.jpg");
        place.die_at_work("w1", JobKind::fresh);
        CHECK(place.jobs.bury(place.scope, kAll).empty());
        place.die_at_work("w2", JobKind::failed);
        place.die_at_work("w3", JobKind::failed);
        CHECK(place.claim("w4", 1, JobKind::failed).empty());
        const auto dead = place.jobs.bury(place.scope, kAll);
        REQUIRE(dead.size() == 1);
        CHECK(dead[0].path == "/photos/poison.jpg");
        CHECK(dead[0].attempts == 3);
        CHECK_THAT(dead[0].error, Catch::Contains("w3"));
        CHECK(place.claim("w4", 1, JobKind::failed).empty());
        CHECK(place.jobs.count(place.scope, kAll, "w4").open == 1);
        CHECK(place.jobs.count(place.scope, kAll, "w4").elsewhere == 1);

        // Who queues it again is told; once it has changed it is a new one.
        CHECK(place.queue({"poison.jpg"}).dead.size() == 1);
        CHECK(place.queue({"poison.jpg"}, 2).dead.empty());
        CHECK(place.claim("w4").size() == 1);
    }
}

TEST_CASE("jobs: what was given back untried does not count as an attempt", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        static_cast<void>(place.queue({"a.jpg", "b.jpg"}));
        const auto jobs = place.claim("w", 2);
        const std::array untried = {jobs.at(0).claim};
        const std::array tried = {jobs.at(1).claim};
        place.jobs.release(untried, JobRepository::Tried::no);
        place.jobs.release(tried, JobRepository::Tried::yes);
        CHECK(place.status().ready == 2);
        const auto fresh = place.claim("other", 9);
        REQUIRE(fresh.size() == 1);
        CHECK(fresh[0].file.path == "/photos/a.jpg");
        CHECK(place.claim("other", 9, JobKind::failed).at(0).claim.attempt == 2);
    }
}

TEST_CASE("jobs: what a worker took without hearing of it is given back", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        static_cast<void>(place.queue({"a.jpg", "b.jpg"}));
        const auto heard = place.claim("w");
        static_cast<void>(place.claim("w"));
        const std::array known = {heard.at(0).claim};
        place.jobs.release_unknown(place.scope, "w", known);
        CHECK(place.status().leased == 1);
        CHECK(place.claim("w").at(0).file.path == "/photos/b.jpg");
    }
}

TEST_CASE("jobs: one that is put off is not taken before its time", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        static_cast<void>(place.queue({"a.jpg"}));
        CHECK(place.jobs.postpone(place.claim("w").at(0).claim, 1h, "cannot read it"));
        CHECK(place.claim("w", 1, JobKind::failed).empty());
        CHECK(place.status().ready == 1);
        CHECK(place.jobs.count(place.scope, kAll, "w").open == 1);
    }
}

TEST_CASE("jobs: files that are indexed as they are now are not queued", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        static_cast<void>(place.queue({"a.jpg", "b.jpg"}));
        PhotoRepository photos(*place.connection);
        const auto jobs = place.claim("w", 2);
        const std::array batch = {place.record(jobs.at(0)), place.record(jobs.at(1), PhotoStatus::failed)};
        CHECK(photos.save(batch).empty());
        const auto again = place.queue({"b.jpg", "a.jpg", "c.jpg"});
        CHECK(again.unchanged == std::vector<std::size_t>{1});
        CHECK(again.dead.size() == 1);
        CHECK(place.status().ready == 1);
        CHECK(place.queue({"a.jpg"}, 2).unchanged.empty());

        // A plain run indexes what was given up here: then it is no longer given up.
        auto mended = place.record(jobs[1]);
        mended.claim.reset();
        CHECK(photos.save(std::array{mended}).empty());
        CHECK(place.queue({"b.jpg"}).unchanged.size() == 1);
        CHECK(place.status().dead == 0);
    }
}

TEST_CASE("jobs: people see what is there, try again what is dead, and cancel what nobody is at",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        Queue queue(db::open_database(place.database.url(), {}));
        CHECK_FALSE(queue.status(place.scope.event).oldest);
        static_cast<void>(place.queue({"a.jpg", "b.jpg", "c.jpg", "d.jpg"}));
        CHECK(place.jobs.give_up(place.claim("w").at(0).claim, "too large"));
        static_cast<void>(place.claim("w", 1, JobKind::fresh, 0s));
        static_cast<void>(place.claim("w"));
        auto status = queue.status(place.scope.event);
        CHECK(status.ready == 1);
        CHECK(status.leased == 1);
        CHECK(status.expired == 1);
        CHECK(status.dead == 1);
        CHECK(status.oldest);
        REQUIRE(status.given_up.size() == 1);
        CHECK(status.given_up[0].error == "too large");

        CHECK(queue.retry(place.scope.event) == 1);
        CHECK(queue.retry(place.scope.event) == 0);
        CHECK(queue.status(place.scope.event).ready == 2);
        CHECK(queue.cancel(place.scope.event) == 3);
        status = queue.status(place.scope.event);
        CHECK(status.ready + status.expired + status.dead == 0);
        CHECK(status.leased == 1);
    }
}

TEST_CASE("jobs: an embedded database has a queue that is empty", "[store]") {
    TestDatabase database(db::Dialect::sqlite);
    const EventId event = insert_event(database.database());
    Queue queue(db::open_database(database.url(), {}));
    CHECK(queue.status(event).ready == 0);
    CHECK(queue.retry(event) == 0);
    CHECK(queue.cancel(event) == 0);
}

TEST_CASE("jobs: forgetting a photo takes its files out of the queue, and who is at them saves nothing",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        static_cast<void>(place.queue({"a.jpg", "b.jpg"}));
        PhotoRepository photos(*place.connection);
        const std::array first = {place.record(place.claim("w").at(0))};
        CHECK(photos.save(first).empty());
        static_cast<void>(place.queue({"a.jpg"}, 2));
        const auto at_work = place.claim("w");
        const auto photo = photos.find_by_path(place.scope.event, "/photos/a.jpg");
        REQUIRE(photo);
        const auto forgotten = photos.forget(photo->id);
        CHECK(photos.prove(forgotten).left == 0);
        CHECK(photos.save(std::array{place.record(at_work.at(0))}).size() == 1);
        CHECK(place.rows("photos") == 0);
        CHECK(place.rows("index_jobs") == 1);
    }
}

TEST_CASE("jobs: claims read as little at the end of a long queue as at its beginning", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Queued place(dialect);
        const std::int64_t files = testing::full_size() ? 1'000'000 : 10'000;
        constexpr std::int64_t kTaken = 50;
        place.connection->run(
            "INSERT INTO index_jobs (event_id, model_id, path, size_bytes, mtime_ns, state, attempt, due_at,"
            " queued_at) SELECT $1, $2, convert_to('/photos/' || (1000000 + n) || '.jpg', 'UTF8'), 1, 1, "
            "'ready', 0,"
            " clock_timestamp(), clock_timestamp() FROM generate_series(0, $3::bigint - 1) AS n",
            {place.scope.event.value, place.scope.model, files});
        // As the server counts them, by this session's open transaction. A plan that reads the whole queue
        // for each claim shows in its rows; steps over what is done already, in the pages of table and
        // indexes.
        const auto rows_read = [&] {
            std::int64_t rows = 0;
            place.connection->run(
                "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = "
                "'index_jobs'",
                {}, [&](const db::Row& row) { rows = row.integer(0); });
            return rows;
        };
        const auto pages_read = [&] {
            std::int64_t pages = 0;
            place.connection->run(
                "SELECT CAST(sum(pg_stat_get_xact_blocks_fetched(oid)) AS BIGINT) FROM pg_class"
                " WHERE oid = 'index_jobs'::regclass"
                " OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'index_jobs'::regclass)",
                {}, [&](const db::Row& row) { pages = row.integer(0); });
            return pages;
        };
        // As a run takes them: from where the last one ended.
        std::vector<std::int64_t> pages;
        std::int64_t most_rows = 0;
        std::string from = kAll.first;
        for (bool more = true; more;) {
            std::vector<Job> jobs;
            {
                db::Transaction transaction(*place.connection, db::Access::write);
                const auto rows_before = rows_read();
                const auto before = pages_read();
                jobs = place.jobs.claim(place.scope, {from, kAll.end}, JobKind::fresh, kTaken, "w", 60s);
                pages.push_back(pages_read() - before);
                most_rows = std::max(most_rows, rows_read() - rows_before);
                transaction.commit();
            }
            more = !jobs.empty();
            if (more) from = jobs.back().file.path + '\0';
            db::Transaction transaction(*place.connection, db::Access::write);
            for (const auto& job : jobs) REQUIRE(place.jobs.finish(job.claim));
            transaction.commit();
        }
        CHECK(static_cast<std::int64_t>(pages.size()) == files / kTaken + 1);
        const auto tenth = static_cast<std::ptrdiff_t>(pages.size() / 10);
        const auto most_of = [](auto first, auto last) {
            std::vector<std::int64_t> part(first, last);
            std::sort(part.begin(), part.end());
            return part[part.size() * 95 / 100];
        };
        const auto first = most_of(pages.begin(), pages.begin() + tenth);
        const auto last = most_of(pages.end() - tenth - 1, pages.end() - 1);
        INFO(files << " jobs; 95 % of the claims of " << kTaken << " read at most: first tenth " << first
                   << " pages, last tenth " << last);
        CHECK(first > 0);
        CHECK(last < 2 * first);
        // Each once to be picked and once to be taken, and then some.
        CHECK(most_rows >= kTaken);
        CHECK(most_rows <= 4 * kTaken);
    }
}
