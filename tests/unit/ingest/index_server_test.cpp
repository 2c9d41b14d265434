// Runs over a server whose sessions end in the middle of the work.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include "store/photo_repository.hpp"
#include "support/make_image.hpp"
#include "support/severing_proxy.hpp"
#include "unit/ingest/index_run.hpp"

using namespace findme;
using namespace findme::testing;

namespace {

constexpr int kPhotos = 300;  // More than four batches.

/// Photos, every tenth of them under two names.
void fill(const TemporaryFolder& folder) {
    for (int i = 0; i < kPhotos; ++i) {
        const ByteVector bytes = make_jpeg(make_picture(40 + i, 30));
        for (const std::string name : {"a", "b"}) {
            if (name == "b" && i % 10 != 0) continue;
            std::ofstream file(folder / (name + std::to_string(1000 + i) + ".jpg"), std::ios::binary);
            for (const auto byte : bytes) file.put(static_cast<char>(byte));
        }
    }
}

Event insert_event(db::Database& database) {
    Event event;
    event.name = "Party";
    event.code = "PARTY";
    event.created_at = FixedClock().now();
    event.expires_at = event.created_at + std::chrono::days{90};
    event.id = store::EventRepository(*database.connect()).insert(event);
    return event;
}

using Row = std::tuple<ContentHash, PhotoStatus, std::vector<std::string>>;

enum class Kind { plain, shared };

std::vector<Row> index(db::Database& database, const std::string& folder, IndexObserver& observer,
                       Kind kind = Kind::plain) {
    const face::FaceAnalyser analyser(std::make_unique<BlindDetector>(), nullptr, nullptr);
    const FixedClock clock;
    const Config config;
    IndexRequest request;
    request.paths = {folder};
    request.jobs = 2;
    request.shared = kind == Kind::shared;
    request.event = insert_event(database);
    const auto summary =
        ingest::index_photos(request, {database, &analyser, clock, config, "test-model"}, observer);
    CHECK(summary.indexed == kPhotos);
    CHECK(summary.duplicate == kPhotos / 10);
    CHECK(summary.failed == 0);
    std::vector<Row> rows;
    const auto connection = database.connect();
    for (const auto& photo : store::PhotoRepository(*connection).list(request.event.id, PhotoId{}, 0)) {
        rows.emplace_back(photo.hash, photo.status, photo.paths);
    }
    std::sort(rows.begin(), rows.end());
    return rows;
}

std::vector<Row> undisturbed(const std::string& folder) {
    TestDatabase database(db::Dialect::sqlite);
    Listener listener;
    return index(database.database(), folder, listener);
}

/// Ends every session of the run whenever a batch is done.
class Terminator final : public IndexObserver {
  public:
    explicit Terminator(std::shared_ptr<db::Connection> connection) : connection_(std::move(connection)) {}
    void on_item(const IndexItem& /*item*/) override {}
    void on_progress(const IndexProgress& /*progress*/) override {
        connection_->run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            {}, [&](const db::Row&) { ++terminated_; });
    }
    int terminated_ = 0;

  private:
    std::shared_ptr<db::Connection> connection_;
};

}  // namespace

TEST_CASE("index: sessions that are terminated after every batch lose no photo and double none",
          "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder);
        TestDatabase database(dialect);
        const auto own = db::open_database(database.url(), testing::patient_options());
        Terminator terminator(own->connect());
        const auto kind = GENERATE(Kind::plain, Kind::shared);
        CHECK(index(database.database(), folder.path(), terminator, kind) == undisturbed(folder.path()));
        CHECK(terminator.terminated_ >= 4);
    }
}

TEST_CASE("index: commits whose answer is lost lose no photo and double none", "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        const TemporaryFolder folder;
        fill(folder);
        TestDatabase database(dialect);
        SeveringProxy proxy(database.url());
        const auto through = db::open_database(proxy.url(), testing::patient_options());
        const auto kind = GENERATE(Kind::plain, Kind::shared);
        // Batches, not the event before them.
        proxy.sever_after("INSERT INTO photo_models", 2);
        Listener listener;
        SECTION("in the middle of a transaction") {
            CHECK(index(*through, folder.path(), listener, kind) == undisturbed(folder.path()));
        }
        SECTION("at its end") {
            class Lost final : public IndexObserver {
              public:
                explicit Lost(SeveringProxy& lossy) : proxy_(lossy) {}
                void on_item(const IndexItem& /*item*/) override {}
                void on_progress(const IndexProgress& /*progress*/) override { proxy_.sever_after("COMMIT"); }

              private:
                SeveringProxy& proxy_;
            } lost(proxy);
            CHECK(index(*through, folder.path(), lost, kind) == undisturbed(folder.path()));
        }
        CHECK(proxy.left() <= 1);  // The last progress is told after the last commit.
    }
}
