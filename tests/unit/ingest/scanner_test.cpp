#include "ingest/scanner.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "findme/error.hpp"
#include "support/make_image.hpp"
#include "support/test_database.hpp"

using namespace findme;
using ingest::ScanItem;
using ingest::Scanner;
using testing::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

void write_file(const std::string& path, const std::string& text = "x") {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

std::vector<ScanItem> walk(const std::vector<std::string>& paths, Scanner::MorePaths more = nullptr) {
    Scanner scanner(paths, std::move(more));
    std::vector<ScanItem> items;
    while (auto item = scanner.next()) items.push_back(std::move(*item));
    return items;
}

/// Candidates, relative to `root`.
std::vector<std::string> names(const std::vector<ScanItem>& items, const std::string& root) {
    std::vector<std::string> out;
    for (const auto& item : items) {
        CHECK(item.path.rfind(root + "/", 0) == 0);
        if (!item.failed && !item.ignored) out.push_back(item.path.substr(root.size() + 1));
    }
    return out;
}

const ScanItem& item_of(const std::vector<ScanItem>& items, const std::string& path) {
    for (const auto& item : items) {
        if (item.path == path) return item;
    }
    FAIL("nothing was said of " << path);
    return items.front();
}

}  // namespace

TEST_CASE("scanner: walks by name, whatever order the files were made in", "[ingest]") {
    const TemporaryFolder folder;
    for (const char* name : {"b/2.jpg", "a.jpg", "c.jpg", "b/10.jpg", "b/a/z.png", "B.jpg"})
        write_file(folder / name);
    CHECK(names(walk({folder.path()}), folder.path()) ==
          std::vector<std::string>{"B.jpg", "a.jpg", "b/10.jpg", "b/2.jpg", "b/a/z.png", "c.jpg"});
}

TEST_CASE("scanner: a folder is the same with a slash, with dots or relative", "[ingest]") {
    const TemporaryFolder folder;
    write_file(folder / "in/a.jpg");
    const std::vector<std::string> expected{folder / "in/a.jpg"};
    for (const std::string& path : {folder / "in", folder / "in/", folder / "in/.", folder / "./in/../in"}) {
        INFO(path);
        const auto items = walk({path});
        REQUIRE(items.size() == 1);
        CHECK(items[0].path == expected[0]);
    }
    const auto before = fs::current_path();
    fs::current_path(folder.path());
    const auto items = walk({"in"});
    fs::current_path(before);
    REQUIRE(items.size() == 1);
    CHECK(items[0].path == expected[0]);
}

TEST_CASE("scanner: hidden files and folders are passed over in silence, unless they were named",
          "[ingest]") {
    const TemporaryFolder folder;
    write_file(folder / ".hidden.jpg");
    write_file(folder / ".thumbs/a.jpg");
    write_file(folder / "._b.jpg");
    write_file(folder / "b.jpg");
    CHECK(walk({folder.path()}).size() == 1);
    CHECK(walk({folder / ".hidden.jpg"}).size() == 1);
    CHECK(walk({folder / ".thumbs"}).size() == 1);
}

TEST_CASE(
    "scanner: pictures are told by their name or by their first bytes, and the rest is ignored with a reason",
    "[ingest]") {
    const TemporaryFolder folder;
    write_file(folder / "a.JPG");
    write_file(folder / "broken.tiff", "");
    write_file(folder / "card.RW2");
    write_file(folder / "phone.hif");
    write_file(folder / "list.txt", "just text");
    write_file(folder / "empty", "");
    const auto png = testing::make_png(testing::make_picture(8, 8));
    write_file(folder / "unnamed", std::string(png.begin(), png.end()));
    const auto items = walk({folder.path()});
    CHECK(names(items, folder.path()) ==
          std::vector<std::string>{"a.JPG", "broken.tiff", "card.RW2", "phone.hif", "unnamed"});
    CHECK(item_of(items, folder / "list.txt").ignored->code == ErrorCode::image_unsupported);
    CHECK(item_of(items, folder / "empty").ignored);
    CHECK(walk({folder / "list.txt"}).front().ignored == std::nullopt);  // Named files are always candidates.
}

TEST_CASE("scanner: links are followed to files within the folder only", "[ingest]") {
    const TemporaryFolder folder;
    write_file(folder / "outside/secret.jpg");
    write_file(folder / "in/a.jpg");
    fs::create_symlink("a.jpg", folder / "in/inner.jpg");
    fs::create_symlink(folder / "outside/secret.jpg", folder / "in/out.jpg");
    fs::create_symlink("../outside/secret.jpg", folder / "in/up.jpg");
    fs::create_symlink(folder / "outside", folder / "in/folder.jpg");
    fs::create_symlink("nowhere.jpg", folder / "in/dangling.jpg");
    fs::create_symlink("self.jpg", folder / "in/self.jpg");
    const auto items = walk({folder / "in"});
    CHECK(names(items, folder / "in") == std::vector<std::string>{"a.jpg", "inner.jpg"});
    for (const char* name : {"in/out.jpg", "in/up.jpg", "in/folder.jpg"}) {
        CHECK(item_of(items, folder / name).ignored->message.find("leaves the folder") != std::string::npos);
    }
    for (const char* name : {"in/dangling.jpg", "in/self.jpg"}) {
        CHECK(item_of(items, folder / name).ignored->message.find("leads nowhere") != std::string::npos);
    }
}

TEST_CASE("scanner: a folder beside the one that was named, with a longer name, is outside", "[ingest]") {
    const TemporaryFolder folder;
    write_file(folder / "party2/secret.jpg");
    fs::create_directories(folder / "party");
    fs::create_symlink("../party2/secret.jpg", folder / "party/a.jpg");
    CHECK(walk({folder / "party"}).front().ignored);
}

TEST_CASE("scanner: links that lead back up do not make the walk endless", "[ingest]") {
    const TemporaryFolder folder;
    write_file(folder / "in/a/b.jpg");
    fs::create_directory_symlink(folder / "in", folder / "in/a/loop");
    fs::create_directory_symlink("..", folder / "in/a/up");
    const auto items = walk({folder / "in"});
    CHECK(items.size() == 3);
    CHECK(names(items, folder / "in") == std::vector<std::string>{"a/b.jpg"});
}

TEST_CASE("scanner: a FIFO is ignored in a folder and failed when named, and never waited for", "[ingest]") {
    const TemporaryFolder folder;
    const std::string fifo = folder / "pipe.jpg";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(walk({folder.path()}).front().ignored);
    CHECK(walk({fifo}).front().failed->code == ErrorCode::file_unreadable);
}

TEST_CASE("scanner: names with newlines, bytes that are not UTF-8 or a leading dash come through as they are",
          "[ingest]") {
    const TemporaryFolder folder;
    const std::vector<std::string> expected{"-rf.jpg", "a\nb.jpg", "c\xFF.jpg", "d e.jpg"};
    for (const auto& name : expected) write_file(folder / name);
    const auto items = walk({folder.path()});
    CHECK(names(items, folder.path()) == expected);
    for (const auto& item : items) CHECK(item.stat.size_bytes == 1);
}

TEST_CASE("scanner: a path that does not exist stops everything before the walk begins", "[ingest]") {
    const TemporaryFolder folder;
    write_file(folder / "a.jpg");
    try {
        const Scanner scanner({folder.path(), folder / "none"}, nullptr);
        FAIL("no error was thrown");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::not_found);
        CHECK(error.info().subject == folder / "none");
    }
}

TEST_CASE(
    "scanner: further paths are taken one by one after the named ones, and one that is gone is a failed item",
    "[ingest]") {
    const TemporaryFolder folder;
    write_file(folder / "a.jpg");
    write_file(folder / "b/c.jpg");
    std::deque<std::string> more{folder / "b", folder / "none.jpg", folder / "a.jpg"};
    const auto items = walk({folder / "a.jpg"}, [&]() -> std::optional<std::string> {
        if (more.empty()) return std::nullopt;
        auto path = more.front();
        more.pop_front();
        return path;
    });
    REQUIRE(items.size() == 4);
    CHECK(items[0].path == folder / "a.jpg");
    CHECK(items[1].path == folder / "b/c.jpg");
    CHECK(items[2].failed->code == ErrorCode::file_unreadable);
    CHECK(items[3].path == folder / "a.jpg");
}

TEST_CASE("scanner: a folder that cannot be read is one failed item, and the walk goes on", "[ingest]") {
    if (::geteuid() == 0) return;  // Nothing is unreadable to root.
    const TemporaryFolder folder;
    write_file(folder / "a/x.jpg");
    write_file(folder / "b/y.jpg");
    fs::permissions(folder / "a", fs::perms::none);
    const auto items = walk({folder.path()});
    fs::permissions(folder / "a", fs::perms::owner_all);
    REQUIRE(items.size() == 2);
    CHECK(items[0].failed);
    CHECK_FALSE(items[1].failed);
}

TEST_CASE("scanner: the count that progress is measured against is the number of items", "[ingest]") {
    const TemporaryFolder folder;
    for (const char* name : {"a.jpg", "b/c.jpg", "b/.hidden", ".d/e.jpg", "f.txt"}) write_file(folder / name);
    fs::create_directory_symlink("..", folder / "b/up");
    CHECK(ingest::count_files({folder.path()}) == static_cast<std::int64_t>(walk({folder.path()}).size()));
    CHECK(ingest::count_files({folder / "a.jpg", folder / "b"}) == 3);
    CHECK(ingest::count_files({}) == 0);
}
