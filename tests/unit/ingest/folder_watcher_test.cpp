// Following folders: everything that settles is told once, nothing that a walk would pass over. The kernel
// has told of what this process did when the call returns, and the clock goes when the test says so: nothing
// here waits for its time.
#include "ingest/folder_watcher.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "findme/error.hpp"
#include "support/manual_clock.hpp"
#include "support/patience.hpp"
#include "support/test_database.hpp"

using namespace findme;
using namespace findme::ingest;
using namespace std::chrono_literals;
using findme::testing::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

void write_text(const std::string& path, const std::string& text = "x") {
    std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

using Files = std::vector<std::string>;

/// Folders that are followed by a clock of the test's own.
struct Followed {
    explicit Followed(const std::vector<std::string>& folders) : watcher(folders, clock.reader()) {}

    /// What has happened and settled by now.
    FolderChanges look() { return watcher.wait(0ms, {}); }
    /// What is told from now until so much time has passed, of what has happened so far.
    Files after(std::chrono::milliseconds time) {
        Files all = look().files;
        clock.advance(time);
        const Files later = look().files;
        all.insert(all.end(), later.begin(), later.end());
        return all;
    }
    /// The same, when whatever the watcher waits for is over.
    Files ever() {
        Files all;
        for (int hour = 0; hour < 3; ++hour) {
            const Files more = after(1h);
            all.insert(all.end(), more.begin(), more.end());
        }
        return all;
    }

    testing::ManualClock clock;
    FolderWatcher watcher;
};

/// Makes more happen than the kernel's queue holds: what it has no room for is lost.
void overflow_queue(const std::string& folder) {
    int room = 0;
    REQUIRE(std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> room);
    const std::string here = folder + "/.here";
    const std::string there = folder + "/.there";
    write_text(here);
    // Two events each, and no two in a row that are alike: those would be one.
    for (int i = 0; i <= room; i += 4) {
        fs::rename(here, there);
        fs::rename(there, here);
    }
}

}  // namespace

TEST_CASE("watch: a file is told once it was closed, also in a folder made since", "[ingest]") {
    const TemporaryFolder folder;
    fs::create_directory(folder / "old");
    Followed followed({folder.path()});
    write_text(folder / "a.jpg");
    CHECK(followed.ever() == Files{folder / "a.jpg"});
    write_text(folder / "old/b.jpg");
    CHECK(followed.ever() == Files{folder / "old/b.jpg"});
    fs::create_directories(folder / "new/deep");
    write_text(folder / "new/deep/c.jpg");
    CHECK(followed.ever() == Files{folder / "new/deep/c.jpg"});
    CHECK(followed.ever().empty());
}

TEST_CASE("watch: a wait ends by itself when a file has come and settled", "[ingest]") {
    const TemporaryFolder folder;
    FolderWatcher watcher({folder.path()});
    const std::jthread writer([&] { write_text(folder / "a.jpg"); });
    CHECK(watcher.wait(testing::patience(60s), {}).files == Files{folder / "a.jpg"});
    CHECK(watcher.wait(10ms, {}).files.empty());
}

TEST_CASE("watch: a file is told when it was left alone for a tenth of a second", "[ingest]") {
    const TemporaryFolder folder;
    Followed followed({folder.path()});
    write_text(folder / "a.jpg");
    CHECK(followed.after(99ms).empty());
    // From the beginning again: some programs write the picture, then its metadata.
    write_text(folder / "a.jpg");
    CHECK(followed.after(99ms).empty());
    CHECK(followed.after(1ms) == Files{folder / "a.jpg"});
}

TEST_CASE("watch: a file that is written in pieces is told when the last one is there", "[ingest]") {
    const TemporaryFolder folder;
    Followed followed({folder.path()});
    std::ofstream open_file(folder / "a.jpg");
    open_file << "half" << std::flush;
    CHECK(followed.ever().empty());
    open_file.close();
    write_text(folder / "a.jpg");
    write_text(folder / "a.jpg");
    CHECK(followed.ever() == Files{folder / "a.jpg"});
    CHECK(followed.ever().empty());
}

TEST_CASE("watch: what is moved in is told, files and folders alike", "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    fs::create_directory(elsewhere / "card");
    write_text(elsewhere / "card/b.jpg");
    write_text(elsewhere / "a.jpg");
    Followed followed({folder.path()});
    fs::rename(elsewhere / "a.jpg", folder / "a.jpg");
    CHECK(followed.ever() == Files{folder / "a.jpg"});
    fs::rename(elsewhere / "card", folder / "card");
    CHECK(followed.ever() == Files{folder / "card/b.jpg"});
}

TEST_CASE("watch: a file that is being written in a folder that just came is told when it is whole",
          "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    fs::create_directory(elsewhere / "card");
    std::ofstream open_file(elsewhere / "card/a.jpg");
    open_file << "half" << std::flush;
    Followed followed({folder.path()});
    fs::rename(elsewhere / "card", folder / "card");
    CHECK(followed.after(999ms).empty());
    open_file << "more" << std::flush;
    // Not while it grows from one look to the next.
    CHECK(followed.after(1ms).empty());
    CHECK(followed.after(999ms).empty());
    open_file << "whole" << std::flush;
    open_file.close();
    CHECK(followed.ever() == Files{folder / "card/a.jpg"});
    CHECK(followed.ever().empty());
}

TEST_CASE("watch: a file that is linked in is told", "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    write_text(elsewhere / "a.jpg");
    Followed followed({folder.path()});
    std::error_code error;
    fs::create_hard_link(elsewhere / "a.jpg", folder / "a.jpg", error);
    if (error) {
        WARN("skipped: there are no hard links here");
        return;
    }
    CHECK(followed.ever() == Files{folder / "a.jpg"});
}

TEST_CASE("watch: a folder too deep for a path to name does not end it", "[ingest]") {
    const TemporaryFolder folder;
    const fs::path start = fs::current_path();
    Followed followed({folder.path()});
    const std::string name(200, 'd');
    fs::current_path(folder.path());
    for (int floor = 0; floor < 25; ++floor) {
        fs::create_directory(name);
        fs::current_path(name);
    }
    fs::current_path(start);
    write_text(folder / "a.jpg");
    CHECK(followed.ever() == Files{folder / "a.jpg"});
}

TEST_CASE("watch: a followed folder below another one is as much missed when it is moved away", "[ingest]") {
    const TemporaryFolder folder;
    fs::create_directory(folder / "inner");
    Followed followed({folder.path(), folder / "inner"});
    fs::rename(folder / "inner", folder / "other");
    CHECK_THROWS_WITH(followed.look(), Catch::Contains("inner") && Catch::Contains("is gone"));
}

TEST_CASE(
    "watch: a folder that was moved away is followed no more, and under its new name when it is one of ours",
    "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    fs::create_directory(folder / "a");
    fs::create_directory(folder / "b");
    Followed followed({folder.path()});
    fs::rename(folder / "a", elsewhere / "a");
    fs::rename(folder / "b", folder / "c");
    CHECK(followed.ever().empty());
    write_text(elsewhere / "a/x.jpg");
    write_text(folder / "c/y.jpg");
    CHECK(followed.ever() == Files{folder / "c/y.jpg"});
    CHECK(followed.ever().empty());
}

TEST_CASE("watch: hidden files, hidden folders and links are passed over", "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    fs::create_directory(folder / ".hidden");
    Followed followed({folder.path()});
    fs::create_directory_symlink(elsewhere.path(), folder / "link");
    fs::create_directory(folder / ".later");
    write_text(folder / ".hidden/a.jpg");
    write_text(folder / ".later/a.jpg");
    write_text(folder / ".upload.part");
    write_text(elsewhere / "b.jpg");
    CHECK(followed.ever().empty());
    // How careful programs write: hidden, then renamed.
    fs::rename(folder / ".upload.part", folder / "upload.jpg");
    CHECK(followed.ever() == Files{folder / "upload.jpg"});
}

TEST_CASE("watch: a folder that goes away ends it, a folder below does not", "[ingest]") {
    const TemporaryFolder folder;
    fs::create_directories(folder / "root/below");
    Followed followed({folder / "root/"});
    fs::remove(folder / "root/below");
    CHECK(followed.ever().empty());
    fs::remove(folder / "root");
    CHECK_THROWS_WITH(followed.look(), Catch::Contains("is gone"));
    CHECK_THROWS_WITH(FolderWatcher({folder / "root"}), Catch::Contains("is no folder"));
    write_text(folder / "file");
    CHECK_THROWS_WITH(FolderWatcher({folder / "file"}), Catch::Contains("is no folder"));
}

TEST_CASE("watch: many files at once are told, each once", "[ingest]") {
    const TemporaryFolder folder;
    Followed followed({folder.path()});
    Files written;
    for (int i = 0; i < 2'000; ++i) {
        written.push_back(folder / (std::to_string(i) + ".jpg"));
        write_text(written.back());
    }
    std::sort(written.begin(), written.end());
    CHECK(followed.look().overflowed == false);
    CHECK(followed.ever() == written);
}

TEST_CASE("watch: more at once than the kernel's queue holds is said to be too much", "[ingest]") {
    const TemporaryFolder folder;
    Followed followed({folder.path()});
    overflow_queue(folder.path());
    CHECK(followed.look().overflowed);
    CHECK_FALSE(followed.look().overflowed);
}

TEST_CASE("watch: a folder made while too much happened is followed from then on", "[ingest]") {
    const TemporaryFolder folder;
    Followed followed({folder.path()});
    overflow_queue(folder.path());
    fs::create_directory(folder / "late");
    REQUIRE(followed.look().overflowed);
    write_text(folder / "late/a.jpg");
    CHECK(followed.ever() == Files{folder / "late/a.jpg"});
}

TEST_CASE("watch: a request to stop ends the wait", "[ingest]") {
    const TemporaryFolder folder;
    FolderWatcher watcher({folder.path()});
    std::stop_source stop;
    std::jthread other([&stop] { stop.request_stop(); });
    CHECK(watcher.wait(std::chrono::hours{1}, stop.get_token()).files.empty());
}
