// Whole runs without models: what is read, kept, skipped and told.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "findme/error.hpp"
#include "store/photo_repository.hpp"
#include "support/make_image.hpp"
#include "unit/ingest/index_run.hpp"

using namespace findme;
using namespace findme::testing;
namespace fs = std::filesystem;

namespace {

void write_bytes(const std::string& path, const ByteVector& bytes) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream file(path, std::ios::binary);
    for (const auto byte : bytes) file.put(static_cast<char>(byte));
}

/// A JPEG unlike any other `number`'s.
ByteVector photo(int number) {
    return make_jpeg(make_picture(40 + number, 30));
}

/// Photos, copies, damaged files, links and other things, as folders are.
void fill(const TemporaryFolder& folder, int photos) {
    for (int i = 0; i < photos; ++i) write_bytes(folder / ("p" + std::to_string(100 + i) + ".jpg"), photo(i));
    write_bytes(folder / "copies/first.jpg", photo(1));
    write_bytes(folder / "copies/second.jpg", photo(photos));
    write_bytes(folder / "copies/third.jpg", photo(photos));
    auto cut = photo(photos + 1);
    cut.resize(cut.size() / 2);
    write_bytes(folder / "cut.jpg", cut);
    write_bytes(folder / "empty.jpg", {});
    write_bytes(folder / "notes.txt", {'h', 'i'});
    fs::create_symlink("/etc/hostname", folder / "away.jpg");
}

}  // namespace

TEST_CASE("index: the number of jobs asked for beats the one configured, also when it is one per core",
          "[ingest]") {
    Config config;
    IndexRequest request;
    const std::size_t cores = ingest::job_count(request, config);
    CHECK(cores >= 1);
    config.index_jobs = 1000;
    CHECK(ingest::job_count(request, config) == 1000);
    request.jobs = 3;
    CHECK(ingest::job_count(request, config) == 3);
    request.jobs = 0;
    CHECK(ingest::job_count(request, config) == cores);
}

TEST_CASE("index: one job and several write the same rows", "[ingest]") {
    const TemporaryFolder folder;
    fill(folder, 150);  // More than two batches.
    IndexRun one;
    IndexRun several;
    const auto first = one.index({folder.path()}, 1);
    const auto second = several.index({folder.path()}, 4);
    CHECK(first.indexed == 151);
    CHECK(first.duplicate == 2);
    CHECK(first.failed == 2);
    CHECK(first.ignored == 2);
    CHECK(second.indexed == first.indexed);
    CHECK(second.duplicate == first.duplicate);
    const auto rows = one.dump();
    for (const auto& [table, lines] : several.dump()) {
        INFO(table);
        CHECK(lines == rows.at(table));
    }
    REQUIRE(one.listener.items.size() == several.listener.items.size());
    for (std::size_t i = 0; i < one.listener.items.size(); ++i) {
        INFO(one.listener.items[i].path);
        CHECK(several.listener.items[i].path == one.listener.items[i].path);
        CHECK(several.listener.items[i].outcome == one.listener.items[i].outcome);
    }
}

TEST_CASE("index: a second run finds everything unchanged and reads no photo again", "[ingest]") {
    const TemporaryFolder folder;
    fill(folder, 5);
    IndexRun run;
    run.index({folder.path()});
    const auto before = run.dump();
    const auto again = run.index({folder.path()});
    CHECK(again.unchanged == 8);
    CHECK(again.indexed == 0);
    CHECK(again.duplicate == 0);
    CHECK(again.failed == 2);
    CHECK(run.dump() == before);
    for (const auto& item : run.listener.items) {
        if (item.outcome == IndexOutcome::unchanged) CHECK_FALSE(item.hash);
    }
}

TEST_CASE("index: the same bytes under two names are one photo with two paths", "[ingest]") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.jpg", photo(1));
    write_bytes(folder / "b.jpg", photo(1));
    IndexRun run;
    const auto summary = run.index({folder.path()});
    CHECK(summary.indexed == 1);
    CHECK(summary.duplicate == 1);
    CHECK(run.listener.item(folder / "a.jpg").outcome == IndexOutcome::indexed);
    CHECK(run.listener.item(folder / "b.jpg").outcome == IndexOutcome::duplicate);
    CHECK(run.count("photos") == 1);
    CHECK(run.count("photo_paths") == 2);
}

TEST_CASE("index: a file met twice in one run is indexed once", "[ingest]") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.jpg", photo(1));
    IndexRun run;
    const auto summary = run.index({folder / "a.jpg", folder.path()});
    CHECK(summary.indexed == 1);
    CHECK(summary.duplicate + summary.unchanged == 1);
    CHECK(run.count("photo_paths") == 1);
}

TEST_CASE("index: a changed file is a new photo, and the old one goes with its last path", "[ingest]") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.jpg", photo(1));
    write_bytes(folder / "b.jpg", photo(2));
    IndexRun run;
    run.index({folder.path()});
    write_bytes(folder / "a.jpg", photo(3));
    const auto summary = run.index({folder.path()});
    CHECK(summary.indexed == 1);
    CHECK(summary.unchanged == 1);
    CHECK(run.count("photos") == 2);
    CHECK(run.count("photo_paths") == 2);
}

TEST_CASE("index: a touched file is read again, recognised and not analysed again", "[ingest]") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.jpg", photo(1));
    IndexRun run;
    run.index({folder.path()});
    fs::last_write_time(folder / "a.jpg", fs::file_time_type{} + std::chrono::hours(1));
    CHECK(run.index({folder.path()}).duplicate == 1);
    CHECK(run.index({folder.path()}).unchanged == 1);
    CHECK(run.count("photos") == 1);
}

TEST_CASE("index: a renamed file keeps its photo", "[ingest]") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.jpg", photo(1));
    IndexRun run;
    run.index({folder.path()});
    fs::rename(folder / "a.jpg", folder / "b.jpg");
    CHECK(run.index({folder.path()}).duplicate == 1);
    CHECK(run.count("photos") == 1);
}

TEST_CASE("index: a damaged file fails with its reason, the others are indexed", "[ingest]") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.jpg", photo(1));
    auto cut = photo(2);
    cut.resize(cut.size() / 2);
    write_bytes(folder / "b.jpg", cut);
    write_bytes(folder / "c.jpg", photo(3));
    IndexRun run;
    const auto summary = run.index({folder.path()});
    CHECK(summary.indexed == 2);
    CHECK(summary.failed == 1);
    const auto& item = run.listener.item(folder / "b.jpg");
    REQUIRE(item.error);
    CHECK(item.error->code == ErrorCode::image_malformed);
    CHECK(item.error->subject == folder / "b.jpg");
    const auto connection = run.database.connect();
    const auto kept = store::PhotoRepository(*connection).find_by_path(run.event.id, folder / "b.jpg");
    REQUIRE(kept);
    CHECK(kept->status == PhotoStatus::failed);
    CHECK(kept->error_code == "image_malformed");

    write_bytes(folder / "b.jpg", photo(2));
    CHECK(run.index({folder.path()}).indexed == 1);
    CHECK(run.count("photos") == 3);
}

TEST_CASE("index: a file over the limits fails, and the message names the limit to raise", "[ingest]") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.jpg", photo(1));
    IndexRun run;
    run.config.image.max_side_px = 20;
    CHECK(run.index({folder.path()}).failed == 1);
    CHECK(run.listener.items[0].error->code == ErrorCode::image_too_large);
    CHECK(run.listener.items[0].error->message.find("image.max_side_px") != std::string::npos);
    run.config.image = {};
    run.config.image.max_file_bytes = 100;
    CHECK(run.index({folder.path()}).failed == 1);
    CHECK(run.listener.items[0].error->message.find("image.max_file_bytes") != std::string::npos);
}

TEST_CASE("index: names with newlines, odd bytes and dashes are kept byte by byte", "[ingest]") {
    const TemporaryFolder folder;
    const std::vector<std::string> names{"-rf.jpg", "a\nb.jpg", "c\xFF.jpg"};
    for (std::size_t i = 0; i < names.size(); ++i) write_bytes(folder / names[i], photo(static_cast<int>(i)));
    IndexRun run;
    CHECK(run.index({folder.path()}).indexed == 3);
    const auto connection = run.database.connect();
    for (const auto& name : names) {
        CHECK(store::PhotoRepository(*connection).find_by_path(run.event.id, folder / name));
    }
    CHECK(run.index({folder.path()}).unchanged == 3);
}

TEST_CASE("index: a dry run says what would be done and writes nothing", "[ingest]") {
    const TemporaryFolder folder;
    fill(folder, 3);
    IndexRun run;
    const auto empty = run.dump();
    IndexRequest request;
    request.paths = {folder.path()};
    request.dry_run = true;
    const auto summary = run.index(request, run.listener);
    CHECK(summary.pending == 8);
    CHECK(summary.ignored == 2);
    CHECK(summary.indexed == 0);
    CHECK(run.dump() == empty);
}

TEST_CASE("index: reindexing works on every photo again and changes no row", "[ingest]") {
    const TemporaryFolder folder;
    fill(folder, 4);
    IndexRun run;
    run.index({folder.path()});
    const auto paths = run.dump().at("photo_paths");
    IndexRequest request;
    request.paths = {folder.path()};
    request.reindex = true;
    Listener listener;
    const auto summary = run.index(request, listener);
    CHECK(summary.indexed + summary.duplicate == 7);
    CHECK(summary.unchanged == 0);
    CHECK(run.count("photos") == 7);  // Two of them failed, and are known by their bytes too.
    CHECK(run.dump().at("photo_paths") == paths);
}

TEST_CASE("index: what the observer hears as done is committed by then", "[ingest]") {
    class Auditor final : public IndexObserver {
      public:
        explicit Auditor(IndexRun& run) : run_(run) {}
        void on_item(const IndexItem& item) override {
            if (item.outcome != IndexOutcome::indexed && item.outcome != IndexOutcome::duplicate) return;
            const auto connection = run_.database.connect();
            const auto photo = store::PhotoRepository(*connection).find_by_path(run_.event.id, item.path);
            good = good && photo && photo->status == PhotoStatus::done && photo->hash == *item.hash;
            ++heard;
        }
        bool good = true;
        int heard = 0;

      private:
        IndexRun& run_;
    };
    const TemporaryFolder folder;
    fill(folder, 80);
    IndexRun run;
    Auditor auditor(run);
    IndexRequest request;
    request.paths = {folder.path()};
    request.jobs = 3;
    run.index(request, auditor);
    CHECK(auditor.heard == 83);
    CHECK(auditor.good);
}

// Somebody takes a file out of the folder and forgets its photo: a run that has read it by then must not
// bring the faces back.
TEST_CASE("index: a photo whose file is taken away while it is worked on is not saved", "[ingest]") {
    class Remover final : public IndexObserver {
      public:
        explicit Remover(std::string folder) : folder_(std::move(folder)) {}
        void on_item(const IndexItem& item) override {
            if (removed_) {
                late += item.outcome == IndexOutcome::indexed ? 1 : 0;
                failed += item.outcome == IndexOutcome::failed ? 1 : 0;
            } else {
                kept_.insert(item.path);
            }
        }
        void on_progress(const IndexProgress&) override {
            if (kept_.empty() || std::exchange(removed_, true)) return;
            for (const auto& entry : std::filesystem::directory_iterator(folder_))
                if (!kept_.contains(entry.path().string())) std::filesystem::remove(entry.path());
        }
        [[nodiscard]] std::size_t kept() const { return kept_.size(); }
        int late = 0;
        int failed = 0;

      private:
        std::string folder_;
        std::set<std::string> kept_;
        bool removed_ = false;
    };
    const TemporaryFolder folder;
    constexpr int kPhotos = 300;
    for (int i = 0; i < kPhotos; ++i) write_bytes(folder / (std::to_string(i) + ".jpg"), photo(i));
    IndexRun run;
    Remover remover(folder.path());
    IndexRequest request;
    request.paths = {folder.path()};
    request.jobs = 4;
    run.index(request, remover);
    REQUIRE(remover.failed > 0);
    CHECK(remover.late == 0);
    CHECK(run.count("photo_paths") == static_cast<std::int64_t>(remover.kept()));
}

TEST_CASE("index: progress ends at its total", "[ingest]") {
    const TemporaryFolder folder;
    fill(folder, 6);
    IndexRun run;
    const auto summary = run.index({folder.path()});
    CHECK(run.listener.progress.done == run.listener.progress.total);
    CHECK(run.listener.progress.failed == summary.failed);
}

TEST_CASE("index: a run that is stopped keeps what is whole, and the next one goes on to the same end",
          "[ingest]") {
    const TemporaryFolder folder;
    std::vector<std::string> files;
    for (int i = 0; i < 30; ++i) {
        files.push_back(folder / ("p" + std::to_string(100 + i) + ".jpg"));
        write_bytes(files.back(), photo(i));
    }
    IndexRun whole;
    whole.index(files);

    IndexRun run;
    std::stop_source stop;
    std::size_t next = 0;
    IndexRequest request;
    request.jobs = 2;
    request.stop = stop.get_token();
    request.more_paths = [&]() -> std::optional<std::string> {
        if (next == 11) stop.request_stop();
        return next < files.size() ? std::optional(files[next++]) : std::nullopt;
    };
    Listener listener;
    const auto stopped = run.index(request, listener);
    CHECK(stopped.cancelled);
    CHECK(stopped.indexed == 12);
    CHECK(run.count("photos") == 12);

    const auto resumed = run.index(files);
    CHECK_FALSE(resumed.cancelled);
    CHECK(resumed.unchanged == 12);
    CHECK(resumed.indexed == 18);
    CHECK(run.dump() == whole.dump());
}

TEST_CASE("index: a run that is stopped before it begins does nothing", "[ingest]") {
    const TemporaryFolder folder;
    fill(folder, 3);
    IndexRun run;
    std::stop_source stop;
    stop.request_stop();
    IndexRequest request;
    request.paths = {folder.path()};
    request.stop = stop.get_token();
    Listener listener;
    const auto summary = run.index(request, listener);
    CHECK(summary.cancelled);
    CHECK(summary.indexed == 0);
    CHECK(listener.items.empty());
}

TEST_CASE("index: an observer that throws ends the run with its exception, and what was committed stays",
          "[ingest]") {
    class Thrower final : public IndexObserver {
      public:
        void on_item(const IndexItem&) override { throw std::runtime_error("enough"); }
    };
    const TemporaryFolder folder;
    fill(folder, 100);
    IndexRun run;
    Thrower thrower;
    IndexRequest request;
    request.paths = {folder.path()};
    request.jobs = 2;
    CHECK_THROWS_WITH(run.index(request, thrower), "enough");
    CHECK_NOTHROW(run.index({folder.path()}));
    CHECK(run.count("photos") == 103);
}

TEST_CASE("index: a memory budget smaller than any photo slows the run down and stops nothing", "[ingest]") {
    const TemporaryFolder folder;
    fill(folder, 20);
    IndexRun run;
    run.config.index_memory_mib = 0;
    CHECK(run.index({folder.path()}, 4).indexed == 21);
}

TEST_CASE("index: two events know nothing of one another", "[ingest]") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.jpg", photo(1));
    IndexRun run;
    run.index({folder.path()});
    Event other = run.event;
    other.code = "OTHER";
    other.id = store::EventRepository(*run.database.connect()).insert(other);
    run.event = other;
    CHECK(run.index({folder.path()}).indexed == 1);
    CHECK(run.count("photos") == 2);
}
