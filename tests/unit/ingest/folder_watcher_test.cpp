// Following folders: everything that settles is told once, nothing that a walk would pass over.
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
#include "support/test_database.hpp"

using namespace findme;
using namespace findme::ingest;
using findme::testing::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kLong{20'000};
constexpr std::chrono::milliseconds kShort{400};

void write_text(const std::string& path, const std::string& text = "x") {
    std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

using Files = std::vector<std::string>;

}  // namespace

TEST_CASE("watch: a file is told once it was closed, also in a folder made since", "[ingest]") {
    const TemporaryFolder folder;
    fs::create_directory(folder / "old");
    FolderWatcher watcher({folder.path()});
    write_text(folder / "a.jpg");
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "a.jpg"});
    write_text(folder / "old/b.jpg");
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "old/b.jpg"});
    fs::create_directories(folder / "new/deep");
    write_text(folder / "new/deep/c.jpg");
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "new/deep/c.jpg"});
    CHECK(watcher.wait(kShort, {}).files.empty());
}

TEST_CASE("watch: a file that is written in pieces is told when the last one is there", "[ingest]") {
    const TemporaryFolder folder;
    FolderWatcher watcher({folder.path()});
    std::ofstream open_file(folder / "a.jpg");
    open_file << "half" << std::flush;
    CHECK(watcher.wait(kShort, {}).files.empty());
    open_file.close();
    write_text(folder / "a.jpg");
    write_text(folder / "a.jpg");
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "a.jpg"});
    CHECK(watcher.wait(kShort, {}).files.empty());
}

TEST_CASE("watch: what is moved in is told, files and folders alike", "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    fs::create_directory(elsewhere / "card");
    write_text(elsewhere / "card/b.jpg");
    write_text(elsewhere / "a.jpg");
    FolderWatcher watcher({folder.path()});
    fs::rename(elsewhere / "a.jpg", folder / "a.jpg");
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "a.jpg"});
    fs::rename(elsewhere / "card", folder / "card");
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "card/b.jpg"});
}

TEST_CASE("watch: a file that is being written in a folder that just came is told when it is whole",
          "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    fs::create_directory(elsewhere / "card");
    std::ofstream open_file(elsewhere / "card/a.jpg");
    open_file << "half" << std::flush;
    FolderWatcher watcher({folder.path()});
    fs::rename(elsewhere / "card", folder / "card");
    CHECK(watcher.wait(kShort, {}).files.empty());
    open_file << "whole" << std::flush;
    open_file.close();
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "card/a.jpg"});
    CHECK(watcher.wait(kShort, {}).files.empty());
}

TEST_CASE("watch: a file that is linked in is told", "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    write_text(elsewhere / "a.jpg");
    FolderWatcher watcher({folder.path()});
    std::error_code error;
    fs::create_hard_link(elsewhere / "a.jpg", folder / "a.jpg", error);
    if (error) {
        WARN("skipped: there are no hard links here");
        return;
    }
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "a.jpg"});
}

TEST_CASE("watch: a folder too deep for a path to name does not end it", "[ingest]") {
    const TemporaryFolder folder;
    const fs::path start = fs::current_path();
    FolderWatcher watcher({folder.path()});
    const std::string name(200, 'd');
    fs::current_path(folder.path());
    for (int floor = 0; floor < 25; ++floor) {
        fs::create_directory(name);
        fs::current_path(name);
    }
    fs::current_path(start);
    write_text(folder / "a.jpg");
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "a.jpg"});
}

TEST_CASE("watch: a followed folder below another one is as much missed when it is moved away", "[ingest]") {
    const TemporaryFolder folder;
    fs::create_directory(folder / "inner");
    FolderWatcher watcher({folder.path(), folder / "inner"});
    fs::rename(folder / "inner", folder / "other");
    CHECK_THROWS_WITH(watcher.wait(kLong, {}), Catch::Contains("inner") && Catch::Contains("is gone"));
}

TEST_CASE(
    "watch: a folder that was moved away is followed no more, and under its new name when it is one of ours",
    "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    fs::create_directory(folder / "a");
    fs::create_directory(folder / "b");
    FolderWatcher watcher({folder.path()});
    fs::rename(folder / "a", elsewhere / "a");
    fs::rename(folder / "b", folder / "c");
    CHECK(watcher.wait(kShort, {}).files.empty());
    write_text(elsewhere / "a/x.jpg");
    write_text(folder / "c/y.jpg");
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "c/y.jpg"});
    CHECK(watcher.wait(kShort, {}).files.empty());
}

TEST_CASE("watch: hidden files, hidden folders and links are passed over", "[ingest]") {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    fs::create_directory(folder / ".hidden");
    FolderWatcher watcher({folder.path()});
    fs::create_directory_symlink(elsewhere.path(), folder / "link");
    fs::create_directory(folder / ".later");
    write_text(folder / ".hidden/a.jpg");
    write_text(folder / ".later/a.jpg");
    write_text(folder / ".upload.part");
    write_text(elsewhere / "b.jpg");
    CHECK(watcher.wait(kShort, {}).files.empty());
    // How careful programs write: hidden, then renamed.
    fs::rename(folder / ".upload.part", folder / "upload.jpg");
    CHECK(watcher.wait(kLong, {}).files == Files{folder / "upload.jpg"});
}

TEST_CASE("watch: a folder that goes away ends it, a folder below does not", "[ingest]") {
    const TemporaryFolder folder;
    fs::create_directories(folder / "root/below");
    FolderWatcher watcher({folder / "root/"});
    fs::remove(folder / "root/below");
    CHECK(watcher.wait(kShort, {}).files.empty());
    fs::remove(folder / "root");
    CHECK_THROWS_WITH(watcher.wait(kLong, {}), Catch::Contains("is gone"));
    CHECK_THROWS_WITH(FolderWatcher({folder / "root"}), Catch::Contains("is no folder"));
    write_text(folder / "file");
    CHECK_THROWS_WITH(FolderWatcher({folder / "file"}), Catch::Contains("is no folder"));
}

TEST_CASE("watch: more files at once than the kernel's queue holds are told or said to be too many",
          "[ingest]") {
    const TemporaryFolder folder;
    FolderWatcher watcher({folder.path()});
    constexpr int kFiles = 20'000;  // Three events each; the usual queue holds 16384.
    for (int i = 0; i < kFiles; ++i) write_text(folder / (std::to_string(i) + ".jpg"));
    std::size_t told = 0;
    bool overflowed = false;
    while (told < kFiles && !overflowed) {
        const auto changes = watcher.wait(kLong, {});
        told += changes.files.size();
        overflowed = changes.overflowed;
        if (changes.files.empty() && !overflowed) break;
    }
    CHECK((overflowed || told == kFiles));
}

TEST_CASE("watch: a folder made while too much happened is followed from then on", "[ingest]") {
    const TemporaryFolder folder;
    FolderWatcher watcher({folder.path()});
    for (int i = 0; i < 20'000; ++i) write_text(folder / (std::to_string(i) + ".jpg"));
    fs::create_directory(folder / "late");
    bool overflowed = false;
    for (FolderChanges changes; !overflowed; overflowed = changes.overflowed) {
        changes = watcher.wait(kLong, {});
        if (changes.files.empty() && !changes.overflowed) break;
    }
    if (!overflowed) return;  // A kernel with a longer queue: nothing was lost.
    const std::string late = folder / "late/a.jpg";
    write_text(late);
    Files told;
    for (bool more = true; more;) {
        const Files files = watcher.wait(kShort, {}).files;
        more = !files.empty();
        told.insert(told.end(), files.begin(), files.end());
    }
    CHECK(std::count(told.begin(), told.end(), late) == 1);
}

TEST_CASE("watch: a request to stop ends the wait", "[ingest]") {
    const TemporaryFolder folder;
    FolderWatcher watcher({folder.path()});
    std::stop_source stop;
    std::jthread other([&stop] { stop.request_stop(); });
    CHECK(watcher.wait(std::chrono::hours{1}, stop.get_token()).files.empty());
}
