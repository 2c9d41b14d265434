#include "findme/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "base/file_descriptor.hpp"
#include "findme/error.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

void put(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const OutputFile& file, const std::string& text) {
    file.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

OutputFileRequest request_of(const std::string& path, IfExists if_exists = IfExists::refuse) {
    return {.path = path, .what = "list", .if_exists = if_exists, .own_beginning = "mine:"};
}

template <typename Work>
ErrorCode code_of(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.code();
    }
    FAIL("no error was thrown");
    return ErrorCode::internal;
}

ErrorCode code_of_judging(const OutputFileRequest& request) {
    return code_of([&] { const OutputFile file(request); });
}

std::size_t entries(const std::string& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("output file: judging leaves nothing behind, and writing one file", "[base]") {
    const TemporaryFolder folder;
    const OutputFile file(request_of(folder / "a"));
    CHECK(entries(folder.path()) == 0);
    write(file, "hello");
    CHECK(text_of(folder / "a") == "hello");
    CHECK(entries(folder.path()) == 1);
    CHECK(code_of([&] { write(file, "again"); }) == ErrorCode::already_exists);
    CHECK(text_of(folder / "a") == "hello");
    CHECK(entries(folder.path()) == 1);
}

TEST_CASE("output file: what another process put there since it was judged stays", "[base]") {
    const TemporaryFolder folder;
    const OutputFile refuses(request_of(folder / "a"));
    const OutputFile own(request_of(folder / "b", IfExists::replace_own));
    put(folder / "a", "theirs");
    put(folder / "b", "theirs");
    CHECK(code_of([&] { write(refuses, "x"); }) == ErrorCode::already_exists);
    CHECK(code_of([&] { write(own, "mine: x"); }) == ErrorCode::already_exists);
    CHECK(text_of(folder / "a") == "theirs");
    CHECK(text_of(folder / "b") == "theirs");
}

TEST_CASE("output file: of many who write one new file at once one does, and no other's is lost", "[base]") {
    const TemporaryFolder folder;
    constexpr int kRounds = 50;
    for (int round = 0; round < kRounds; ++round) {
        const std::string path = folder / std::to_string(round);
        const OutputFile first(request_of(path));
        const OutputFile second(request_of(path));
        int written = 0;
        bool second_wrote = false;
        std::thread other([&] {
            try {
                write(second, "second");
                second_wrote = true;
            } catch (const Error&) {
                // It was the slower one.
            }
        });
        try {
            write(first, "first");
            ++written;
        } catch (const Error&) {
            // It was the slower one.
        }
        other.join();
        REQUIRE(written + (second_wrote ? 1 : 0) == 1);
        REQUIRE(text_of(path) == (second_wrote ? "second" : "first"));
    }
    CHECK(entries(folder.path()) == kRounds);
}

TEST_CASE("output file: asked to, it replaces a file, and of a link the link", "[base]") {
    const TemporaryFolder folder;
    put(folder / "target", "kept");
    fs::create_symlink("target", folder / "link");
    fs::create_symlink("nowhere", folder / "broken");
    CHECK(code_of_judging(request_of(folder / "link")) == ErrorCode::already_exists);
    CHECK(code_of_judging(request_of(folder / "broken")) == ErrorCode::already_exists);
    write(OutputFile(request_of(folder / "link", IfExists::replace)), "new");
    CHECK(text_of(folder / "target") == "kept");
    CHECK_FALSE(fs::is_symlink(folder / "link"));
    CHECK(text_of(folder / "link") == "new");
}

TEST_CASE("output file: its own is known by the beginning, and an empty file is nobody's", "[base]") {
    const TemporaryFolder folder;
    put(folder / "own", "mine: old");
    put(folder / "empty", "");
    put(folder / "short", "min");
    put(folder / "other", "yours: old");
    for (const char* name : {"own", "empty"}) {
        write(OutputFile(request_of(folder / name, IfExists::replace_own)), "mine: new");
        CHECK(text_of(folder / name) == "mine: new");
    }
    for (const char* name : {"short", "other"})
        CHECK(code_of_judging(request_of(folder / name, IfExists::replace_own)) == ErrorCode::already_exists);
}

TEST_CASE("output file: an input stays under whatever name, and so does what the caller keeps", "[base]") {
    const TemporaryFolder folder;
    put(folder / "input", "photo");
    fs::create_hard_link(folder / "input", folder / "twin");
    fs::create_symlink("input", folder / "link");
    for (const char* name : {"input", "twin", "link", "./input"}) {
        auto request = request_of(folder / name, IfExists::replace);
        request.inputs = {folder / "missing", folder / "input"};
        CHECK(code_of_judging(request) == ErrorCode::invalid_argument);
    }
    auto request = request_of(folder / "new", IfExists::replace);
    int asked = 0;
    request.require_allowed = [&](const std::string& path) {
        CHECK(path == folder / "new");
        if (++asked > 1) throw Error(ErrorCode::constraint, "not any more");
    };
    const OutputFile file(request);
    CHECK(code_of([&] { write(file, "x"); }) == ErrorCode::constraint);
    CHECK(entries(folder.path()) == 3);
}

TEST_CASE("output file: a folder, a missing folder and no name at all are refused before the work",
          "[base]") {
    const TemporaryFolder folder;
    for (const IfExists if_exists : {IfExists::refuse, IfExists::replace, IfExists::replace_own}) {
        CHECK(code_of_judging(request_of(folder.path(), if_exists)) == ErrorCode::file_unwritable);
        CHECK(code_of_judging(request_of(folder / "none/a", if_exists)) == ErrorCode::file_unwritable);
        CHECK(code_of_judging(request_of("", if_exists)) == ErrorCode::invalid_argument);
    }
    CHECK(code_of_judging(request_of("/dev/null", IfExists::replace_own)) == ErrorCode::file_unwritable);
}

TEST_CASE("output file: a pipe, a device and an open descriptor take the bytes as they are", "[base]") {
    const TemporaryFolder folder;
    const std::string pipe = folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    std::string read;
    std::thread reader([&] { read = text_of(pipe); });
    write(OutputFile(request_of(pipe)), "through");
    reader.join();
    CHECK(read == "through");
    CHECK(fs::is_fifo(pipe));
    // A terminal stands for all devices: in its folder nobody can make a file, should this ever go wrong.
    const base::FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(master.ok());
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    char terminal[64];
    REQUIRE(::ptsname_r(master.get(), terminal, sizeof terminal) == 0);
    const base::FileDescriptor keeps_it_open(::open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC));
    write(OutputFile(request_of(terminal)), "shown");
    char shown[5];
    REQUIRE(::read(master.get(), shown, sizeof shown) == sizeof shown);
    CHECK(std::string(shown, sizeof shown) == "shown");

    put(folder / "open", "before ");
    const int descriptor = ::open((folder / "open").c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(descriptor >= 0);
    write(OutputFile(request_of("/dev/fd/" + std::to_string(descriptor))), "after");
    ::close(descriptor);
    CHECK(text_of(folder / "open") == "before after");
}

TEST_CASE("output file: others read it when they are meant to", "[base]") {
    const TemporaryFolder folder;
    auto request = request_of(folder / "a");
    request.readable_by_all = true;
    write(OutputFile(request), "x");
    CHECK((fs::status(folder / "a").permissions() & fs::perms::others_read) != fs::perms::none);
}
