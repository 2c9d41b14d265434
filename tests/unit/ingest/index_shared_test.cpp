// Runs that share the work on one event over a server.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "findme/queue.hpp"
#include "store/photo_repository.hpp"
#include "support/make_image.hpp"
#include "unit/ingest/index_run.hpp"

using namespace findme;
using namespace findme::testing;

namespace {

constexpr int kPhotos = 60;
/// No photo is so wide but the one that a test has to do with.
constexpr int kOddWidth_px = 399;

void write(const std::string& path, const ByteVector& bytes) {
    std::ofstream file(path, std::ios::binary);
    for (const auto byte : bytes) file.put(static_cast<char>(byte));
}

/// @return the paths.
std::vector<std::string> fill(const TemporaryFolder& folder, int count = kPhotos) {
    std::vector<std::string> paths;
    std::filesystem::create_directory(folder / "inner");
    for (int i = 0; i < count; ++i) {
        const std::string name = (i % 3 == 0 ? "inner/" : "") + std::to_string(1000 + i) + ".jpg";
        paths.push_back(folder / name);
        write(paths.back(), make_jpeg(make_picture(40 + i, 30)));
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

/// Does something when it sees the odd photo.
class OddDetector final : public face::Detector {
  public:
    explicit OddDetector(std::function<void()> at_odd) : at_odd_(std::move(at_odd)) {}
    [[nodiscard]] std::vector<face::Detection> detect(const Image& image, face::Workspace&) const override {
        if (image.width_px == kOddWidth_px && is_upright(image)) at_odd_();
        return {};
    }
    /// A photo of nobody is looked at lying on its head as well: there its left side is the light one.
    static bool is_upright(const Image& image) { return *image.row(0) < 128; }

  private:
    std::function<void()> at_odd_;
};

using Row = std::tuple<ContentHash, PhotoStatus, std::vector<std::string>>;

/// One event on a server, and runs that share it.
struct Place {
    explicit Place(db::Dialect dialect) : database(dialect) {
        event.name = "Party";
        event.code = "PARTY";
        event.created_at = FixedClock().now();
        event.expires_at = event.created_at + std::chrono::days{90};
        event.id = store::EventRepository(*database.connect()).insert(event);
        config.index_lease_s = 60;
    }

    IndexRequest request(const std::string& folder) const {
        IndexRequest request;
        request.event = event;
        request.paths = {folder};
        request.jobs = 2;
        request.shared = true;
        return request;
    }
    /// A run as a process of its own would do it.
    IndexSummary index(
        const IndexRequest& request, IndexObserver& observer, std::function<void()> at_odd = [] {},
        std::chrono::hours clock_is_ahead = std::chrono::hours{0}) const {
        const auto own = db::open_database(database.url(), testing::patient_options());
        const face::FaceAnalyser analyser(std::make_unique<OddDetector>(std::move(at_odd)), nullptr, nullptr);
        FixedClock clock;
        clock.now_ += clock_is_ahead;
        return ingest::index_photos(request, {*own, &analyser, clock, config, "test-model"}, observer);
    }
    IndexSummary index(
        const std::string& folder, std::function<void()> at_odd = [] {}) {
        listener = Listener();
        return index(request(folder), listener, std::move(at_odd));
    }
    std::vector<Row> rows() {
        std::vector<Row> rows;
        const auto connection = database.connect();
        for (const auto& photo : store::PhotoRepository(*connection).list(event.id, PhotoId{}, 0))
            rows.emplace_back(photo.hash, photo.status, photo.paths);
        std::sort(rows.begin(), rows.end());
        return rows;
    }
    QueueStatus queue() {
        return Queue(std::shared_ptr<db::Database>(db::open_database(database.url(), {}))).status(event.id);
    }
    std::int64_t run(const std::string& sql) { return database.connect()->run(sql); }

    TestDatabase database;
    Event event;
    Config config;
    Listener listener;  ///< Of the last run over a folder.
};

std::vector<Row> undisturbed(const std::string& folder) {
    IndexRun alone;
    static_cast<void>(alone.index({folder}));
    std::vector<Row> rows;
    for (const auto& photo :
         store::PhotoRepository(*alone.database.connect()).list(alone.event.id, PhotoId{}, 0))
        rows.emplace_back(photo.hash, photo.status, photo.paths);
    std::sort(rows.begin(), rows.end());
    return rows;
}

void check_nothing_open(const QueueStatus& status) {
    CHECK(status.ready == 0);
    CHECK(status.leased == 0);
    CHECK(status.expired == 0);
}

}  // namespace

TEST_CASE("shared: four runs at the same time do each photo once", "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder, 200);
        Place place(dialect);
        std::atomic<std::int64_t> indexed{0};
        std::atomic<std::int64_t> failed{0};
        std::atomic<int> heard{0};
        std::vector<std::jthread> runs;
        for (int i = 0; i < 4; ++i) {
            runs.emplace_back([&] {
                Listener listener;
                const auto summary = place.index(place.request(folder.path()), listener);
                indexed += summary.indexed;
                failed += summary.failed;
                for (const auto& item : listener.items)
                    heard += item.outcome == IndexOutcome::indexed ? 1 : 0;
                // Of the whole queue, whoever did it.
                if (listener.progress.done != 200) ++failed;
            });
        }
        runs.clear();
        CHECK(indexed == 200);
        CHECK(heard == 200);
        CHECK(failed == 0);
        CHECK(place.rows() == undisturbed(folder.path()));
        check_nothing_open(place.queue());
        // Nothing of the finished work is kept.
        CHECK(place.run("DELETE FROM index_jobs") == 0);
        const auto again = place.index(folder.path());
        CHECK(again.unchanged == 200);
        CHECK(again.indexed == 0);
    }
}

TEST_CASE("shared: a photo that was lost while it was at work is left to who has it", "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder);
        write(folder / "odd.jpg", make_jpeg(make_picture(kOddWidth_px, 30)));
        Place place(dialect);
        int seen = 0;
        // As if this run had been stopped past its lease, and another had taken the photo over and died.
        const auto steal = [&] {
            if (++seen > 1) return;
            CHECK(place.run("UPDATE index_jobs SET worker = 'thief', attempt = attempt + 1, due_at ="
                            " clock_timestamp() WHERE encode(path, 'escape') LIKE '%odd.jpg'") == 1);
        };
        const auto summary = place.index(folder.path(), steal);
        CHECK(seen == 2);
        CHECK(summary.indexed == kPhotos + 1);
        CHECK(summary.failed == 0);
        CHECK(place.rows() == undisturbed(folder.path()));
        check_nothing_open(place.queue());
    }
}

TEST_CASE("shared: a clock that is an hour ahead takes over nothing", "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder, 20);
        write(folder / "odd.jpg", make_jpeg(make_picture(kOddWidth_px, 30)));
        Place place(dialect);
        IndexSummary other;
        std::int64_t elsewhere = 0;
        // While this run is at the odd photo, another one whose clock is wrong comes, does the rest, and is
        // stopped as it waits for this one.
        const auto meanwhile = [&] {
            class Waiter final : public IndexObserver {
              public:
                Waiter(std::stop_source& stop, std::int64_t& seen_elsewhere)
                    : stop_(stop), elsewhere_(seen_elsewhere) {}
                void on_item(const IndexItem& item) override {
                    if (item.path.ends_with("odd.jpg")) FAIL_CHECK("it took the photo");
                }
                void on_progress(const IndexProgress& progress) override {
                    elsewhere_ = progress.elsewhere;
                    if (progress.elsewhere > 0 && progress.done + progress.elsewhere == progress.total)
                        stop_.request_stop();
                }

              private:
                std::stop_source& stop_;
                std::int64_t& elsewhere_;
            };
            std::stop_source stop;
            Waiter waiter(stop, elsewhere);
            auto request = place.request(folder.path());
            request.stop = stop.get_token();
            other = place.index(
                request, waiter, [] {}, std::chrono::hours{1});
        };
        const auto summary = place.index(folder.path(), meanwhile);
        CHECK(other.cancelled);
        CHECK(elsewhere >= 1);
        CHECK(summary.indexed + other.indexed == 21);
        CHECK(place.rows() == undisturbed(folder.path()));
    }
}

TEST_CASE("shared: a file that kills whoever works on it is given up, and the rest is done",
          "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder, 30);
        const std::string poison = folder / "odd.jpg";
        write(poison, make_jpeg(make_picture(kOddWidth_px, 30)));
        Place place(dialect);
        place.config.index_lease_s = 0;  // Has run out when it is looked at: nobody waits for it here.
        int killed = 0;
        for (int worker = 0; worker < 4; ++worker) {
            const pid_t child = ::fork();
            if (child == 0) {
                int status = 9;
                try {
                    Listener listener;
                    const auto summary = place.index(place.request(folder.path()), listener,
                                                     [] { ::kill(::getpid(), SIGKILL); });
                    const bool named =
                        summary.failed == 1 && listener.item(poison).error->code == ErrorCode::given_up;
                    status = named ? 3 : 8;
                } catch (...) {
                }
                ::_exit(status);
            }
            int status = 0;
            REQUIRE(::waitpid(child, &status, 0) == child);
            if (WIFSIGNALED(status)) {
                ++killed;
            } else {
                CHECK(WEXITSTATUS(status) == 3);
                break;
            }
        }
        CHECK(killed == 3);
        CHECK(place.rows().size() == 30);
        const auto status = place.queue();
        check_nothing_open(status);
        REQUIRE(status.given_up.size() == 1);
        CHECK(status.given_up[0].path == poison);
        CHECK(status.given_up[0].attempts == 3);
    }
}

TEST_CASE("shared: a run that ends by a bug blames what it was at, and nothing is lost",
          "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder, 30);
        const std::string poison = folder / "odd.jpg";
        write(poison, make_jpeg(make_picture(kOddWidth_px, 30)));
        Place place(dialect);
        for (int run = 0; run < 3; ++run) {
            CHECK_THROWS_AS(place.index(folder.path(), [] { throw std::logic_error("a bug"); }),
                            std::logic_error);
            CHECK(place.queue().leased == 0);
        }
        const auto summary = place.index(folder.path(), [] { throw std::logic_error("a bug"); });
        CHECK(summary.failed == 1);
        CHECK(place.listener.item(poison).error->code == ErrorCode::given_up);
        CHECK(place.rows().size() == 30);
    }
}

TEST_CASE("shared: a bad picture is reported once more and not tried again until someone says so",
          "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder, 5);
        const std::string bad = folder / "bad.jpg";
        write(bad, {1, 2, 3});
        Place place(dialect);
        CHECK(place.index(folder.path()).failed == 1);
        CHECK(place.listener.item(bad).error->code == ErrorCode::image_unsupported);
        CHECK(place.listener.item(bad).hash);
        CHECK(place.rows().size() == 6);
        const auto again = place.index(folder.path());
        CHECK(again.failed == 1);
        CHECK(again.unchanged == 5);
        CHECK(place.listener.item(bad).error->code == ErrorCode::given_up);
        CHECK_FALSE(place.listener.item(bad).hash);

        Queue queue(std::shared_ptr<db::Database>(db::open_database(place.database.url(), {})));
        CHECK(queue.retry(place.event.id) == 1);
        CHECK(place.index(folder.path()).failed == 1);
        CHECK(place.listener.item(bad).error->code == ErrorCode::image_unsupported);

        write(bad, make_jpeg(make_picture(41, 41)));
        const auto mended = place.index(folder.path());
        CHECK(mended.indexed == 1);
        CHECK(mended.failed == 0);
        CHECK(place.queue().dead == 0);
    }
}

TEST_CASE("shared: a file that cannot be read is tried again, and then given up", "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        const auto paths = fill(folder, 30);
        write(folder / "0-odd.jpg", make_jpeg(make_picture(kOddWidth_px, 30)));
        Place place(dialect);
        // It was there when the folder was walked, and is too far behind to be at work with the first.
        const std::string& gone = paths.back();
        const auto summary = place.index(folder.path(), [&] { std::filesystem::remove(gone); });
        CHECK(summary.indexed == 30);
        CHECK(summary.failed == 1);
        CHECK(place.listener.item(gone).error->code == ErrorCode::file_unreadable);
        const auto status = place.queue();
        REQUIRE(status.given_up.size() == 1);
        CHECK(status.given_up[0].attempts == 3);
    }
}

TEST_CASE("shared: a run that is asked to stop leaves nothing behind that others have to wait for",
          "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder);
        write(folder / "1000-odd.jpg", make_jpeg(make_picture(kOddWidth_px, 30)));
        Place place(dialect);
        std::stop_source stop;
        auto request = place.request(folder.path());
        request.jobs = 8;
        request.stop = stop.get_token();
        Listener listener;
        const auto summary = place.index(request, listener, [&] { stop.request_stop(); });
        CHECK(summary.cancelled);
        const auto status = place.queue();
        CHECK(status.leased == 0);
        CHECK(status.expired == 0);
        CHECK(status.ready + summary.indexed == kPhotos + 1);
        CHECK(status.ready > 0);
        // Nothing counts as tried: all of it is taken at once.
        CHECK(place.run("UPDATE index_jobs SET state = 'ready' WHERE attempt > 0") == 0);
        CHECK(place.index(folder.path()).indexed == status.ready);
        CHECK(place.rows() == undisturbed(folder.path()));
    }
}

TEST_CASE("shared: a folder that is replaced under a run ends it, and its photos are left to others",
          "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder home;
        const std::string folder = home / "photos";
        std::filesystem::create_directory(folder);
        for (int i = 0; i < kPhotos; ++i)
            write(folder + "/" + std::to_string(1000 + i) + ".jpg", make_jpeg(make_picture(40 + i, 30)));
        write(folder + "/1000-odd.jpg", make_jpeg(make_picture(kOddWidth_px, 30)));
        Place place(dialect);
        const auto unmount = [&] {
            std::filesystem::rename(folder, home / "elsewhere");
            std::filesystem::create_directory(folder);
        };
        CHECK_THROWS_WITH(place.index(folder, unmount), Catch::Contains("unmounted"));
        CHECK(place.queue().leased == 0);
        CHECK(place.queue().dead == 0);
        std::filesystem::remove(folder);
        std::filesystem::rename(home / "elsewhere", folder);
        CHECK(place.index(folder).failed == 0);
        CHECK(place.rows() == undisturbed(folder));
    }
}

TEST_CASE("shared: a run keeps to its own folders", "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder, 30);
        Place place(dialect);
        // Somebody else's, on a host that sees other folders.
        CHECK(place.run(
                  "INSERT INTO index_jobs (event_id, model_id, path, size_bytes, mtime_ns, state, attempt,"
                  " due_at, queued_at) SELECT id, 'test-model', 'elsewhere/1.jpg', 1, 1, 'ready', 0, now(),"
                  " now() FROM events") == 1);
        CHECK(place.index(folder / "inner/").indexed == 10);
        CHECK(place.queue().ready == 1);
        auto request = place.request(folder.path());
        request.paths = {folder / "inner", folder.path(), folder / "inner/../inner"};
        Listener listener;
        const auto summary = place.index(request, listener);
        CHECK(summary.indexed == 20);
        CHECK(place.queue().ready == 1);
    }
}

TEST_CASE("shared: only folders can be shared", "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        const auto paths = fill(folder, 1);
        Place place(dialect);
        CHECK_THROWS_WITH(place.index(paths[0]), Catch::Contains("only folders can be shared"));
        CHECK_THROWS_AS(place.index(folder / "none"), Error);
    }
}
