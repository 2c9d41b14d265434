#include "base/file.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "support/test_database.hpp"

using namespace findme;
using namespace findme::base;
using testing::TemporaryFolder;

namespace {

constexpr std::size_t kEnough = 1U << 20U;

std::vector<std::uint8_t> bytes_of(const std::string& text) {
    return {text.begin(), text.end()};
}

std::string text_of(const std::string& path) {
    const auto bytes = read_file(path, kEnough).value();
    return {bytes.begin(), bytes.end()};
}

std::size_t count_entries(const std::string& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
    return count;
}

ErrorInfo error_of_writing(const std::string& path, const std::vector<std::uint8_t>& bytes) {
    try {
        write_file_atomically(path, bytes);
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("no error was thrown");
    return {};
}

/// Files of this process end at `bytes` while it lives: the nearest thing to a full disk that needs no
/// privilege.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, signal_);
    }

  private:
    rlimit before_{};
    void (*signal_)(int);
};

}  // namespace

TEST_CASE("file: what is written reads back, and is the owner's alone", "[base]") {
    const TemporaryFolder folder;
    const std::string path = folder / "a";
    write_file_atomically(path, bytes_of("hello"));
    CHECK(text_of(path) == "hello");
    write_file_atomically(path, {});
    CHECK(text_of(path).empty());
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600U);
    CHECK(count_entries(folder.path()) == 1);
}

TEST_CASE("file: a write that fails half way leaves the old file and no temporary one", "[base]") {
    const TemporaryFolder folder;
    const std::string path = folder / "a";
    write_file_atomically(path, bytes_of("old"));
    ErrorInfo error;
    {
        const FileSizeLimit limit(4096);
        error = error_of_writing(path, std::vector<std::uint8_t>(100'000, 'x'));
    }
    CHECK(error.code == ErrorCode::file_unwritable);
    CHECK(error.subject == path);
    CHECK(text_of(path) == "old");
    CHECK(count_entries(folder.path()) == 1);
}

TEST_CASE("file: a target that cannot be replaced is left as it was", "[base]") {
    const TemporaryFolder folder;
    const std::string path = folder / "a";
    std::filesystem::create_directory(path);
    std::filesystem::create_directory(path + "/inner");
    CHECK(error_of_writing(path, bytes_of("new")).code == ErrorCode::file_unwritable);
    CHECK(std::filesystem::is_directory(path + "/inner"));
    CHECK(count_entries(folder.path()) == 1);
}

TEST_CASE("file: a folder that is not there is an error that names the file", "[base]") {
    const TemporaryFolder folder;
    const std::string path = folder / "none/a";
    const auto error = error_of_writing(path, bytes_of("new"));
    CHECK(error.code == ErrorCode::file_unwritable);
    CHECK(error.message.find("none/a") != std::string::npos);
}

TEST_CASE("file: a relative name without a folder is written where the process stands", "[base]") {
    const TemporaryFolder folder;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    write_file_atomically("plain", bytes_of("here"));
    std::filesystem::current_path(before);
    CHECK(text_of(folder / "plain") == "here");
}

TEST_CASE("file: reading refuses what is not a regular file, without hanging on a FIFO", "[base]") {
    const TemporaryFolder folder;
    const std::string fifo = folder / "pipe";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    for (const std::string& path : {fifo, folder.path(), folder / "missing", std::string("/dev/null")}) {
        INFO(path);
        const auto read = read_file(path, kEnough);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::file_unreadable);
        CHECK(read.error().subject == path);
        CHECK_FALSE(stat_regular_file(path));
    }
}

TEST_CASE("file: a file over the limit is refused unread, one at the limit is not", "[base]") {
    const TemporaryFolder folder;
    const std::string path = folder / "a";
    write_file_atomically(path, std::vector<std::uint8_t>(100, 1));
    CHECK(read_file(path, 100).value().size() == 100);
    const auto read = read_file(path, 99, kRaiseImageLimit);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::image_too_large);
    CHECK(read.error().message.find("image.max_file_bytes") != std::string::npos);
    // A setting of photos is no advice about another file.
    CHECK(read_file(path, 99).error().message.find("image.") == std::string::npos);
}

TEST_CASE("file: a changed file has another size or time", "[base]") {
    const TemporaryFolder folder;
    const std::string path = folder / "a";
    write_file_atomically(path, bytes_of("one"));
    const auto first = stat_regular_file(path).value();
    CHECK(first.size_bytes == 3);
    std::filesystem::last_write_time(path, std::filesystem::file_time_type{} + std::chrono::hours(1));
    CHECK(stat_regular_file(path).value().mtime_ns != first.mtime_ns);
}
