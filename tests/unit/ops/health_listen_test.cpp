#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "base/file_descriptor.hpp"
#include "findme/error.hpp"
#include "ops/listen_address.hpp"
#include "support/test_database.hpp"

using namespace findme;
using ops::ListenAddress;
using ops::ListenSocket;
using ops::parse_listen_address;
using testing::TemporaryFolder;

namespace {

std::optional<ErrorCode> code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    return std::nullopt;
}

std::optional<ErrorCode> code_of_listening(const std::string& where) {
    return code_of([&] { const ListenSocket socket(parse_listen_address(where)); });
}

/// As a process leaves it that was killed.
void leave_dead_socket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(descriptor);
}

}  // namespace

TEST_CASE("health listen: addresses are read as they are written", "[ops]") {
    const auto v4 = parse_listen_address("192.0.2.7:80");
    CHECK((v4.host == "192.0.2.7" && v4.port == 80 && v4.kind == ListenAddress::Kind::tcp));
    const auto v6 = parse_listen_address("[::1]:9631");
    CHECK((v6.host == "::1" && v6.port == 9631));
    CHECK(parse_listen_address("localhost:0").host == "127.0.0.1");
    CHECK(parse_listen_address("unix:/run/a:b.sock").path == "/run/a:b.sock");
    CHECK(parse_listen_address("fd:3").descriptor == 3);
}

TEST_CASE("health listen: what is no address is refused", "[ops]") {
    for (const std::string text :
         {"", "9631", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "::1:80",
          "[::1]", "[]:80", "example.org:80", ":80", "unix:", "fd:x"}) {
        CAPTURE(text);
        CHECK(code_of([&] { static_cast<void>(parse_listen_address(text)); }) == ErrorCode::config_invalid);
    }
    CHECK(code_of([] { static_cast<void>(parse_listen_address("unix:/" + std::string(107, 'a'))); }) ==
          ErrorCode::config_invalid);
}

TEST_CASE("health listen: port 0 takes one that is free, and says which", "[ops]") {
    const ListenSocket socket(parse_listen_address("127.0.0.1:0"));
    CHECK(parse_listen_address(socket.name()).port > 0);
    CHECK(socket.is_local());
    CHECK(code_of_listening(socket.name()) == ErrorCode::already_exists);
    const int connection = socket.connect();
    CHECK(connection >= 0);
    ::close(connection);
}

TEST_CASE("health listen: an address of another machine is refused, one beyond loopback is known", "[ops]") {
    CHECK(code_of_listening("192.0.2.1:0") == ErrorCode::config_invalid);
    CHECK_FALSE(ListenSocket(parse_listen_address("0.0.0.0:0")).is_local());
    CHECK(ListenSocket(parse_listen_address("127.3.4.5:0")).is_local());
}

TEST_CASE("health listen: a UNIX socket is for owner and group, and gone at the end", "[ops]") {
    const TemporaryFolder folder;
    const std::string path = folder / "health.sock";
    {
        const ListenSocket socket(parse_listen_address("unix:" + path));
        struct stat info {};
        REQUIRE(::lstat(path.c_str(), &info) == 0);
        CHECK((info.st_mode & 07777U) == 0660);
        CHECK(socket.name() == "unix:" + path);
        CHECK(socket.is_local());
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("health listen: a dead process's socket is replaced, a living one's is not", "[ops]") {
    const TemporaryFolder folder;
    const std::string path = folder / "health.sock";
    leave_dead_socket(path);
    const ListenSocket living(parse_listen_address("unix:" + path));
    CHECK(code_of_listening("unix:" + path) == ErrorCode::already_exists);
    const int connection = living.connect();
    CHECK(connection >= 0);
    ::close(connection);
}

TEST_CASE("health listen: a folder that another program keeps locked is not waited for without end",
          "[ops]") {
    const TemporaryFolder folder;
    const base::FileDescriptor other(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(other.ok());
    REQUIRE(::flock(other.get(), LOCK_EX) == 0);
    CHECK(code_of_listening("unix:" + folder / "s") == ErrorCode::store_locked);
    REQUIRE(::flock(other.get(), LOCK_UN) == 0);
    CHECK_FALSE(code_of_listening("unix:" + folder / "s"));
}

TEST_CASE("health listen: a file that is no socket stays what it is", "[ops]") {
    const TemporaryFolder folder;
    const std::string path = folder / "notes.txt";
    std::ofstream(path) << "mine";
    CHECK(code_of_listening("unix:" + path) == ErrorCode::already_exists);
    CHECK(std::filesystem::file_size(path) == 4);
    CHECK(code_of_listening("unix:" + folder / "missing/health.sock") == ErrorCode::config_invalid);
}

TEST_CASE("health listen: another's socket under the old name is left alone", "[ops]") {
    const TemporaryFolder folder;
    const std::string path = folder / "health.sock";
    {
        const ListenSocket first(parse_listen_address("unix:" + path));
        REQUIRE(::unlink(path.c_str()) == 0);
        leave_dead_socket(path);
    }
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("health listen: a socket that was handed over is used, anything else is refused", "[ops]") {
    const ListenSocket original(parse_listen_address("127.0.0.1:0"));
    const int handed_over = ::dup(original.descriptor());
    const ListenSocket adopted(parse_listen_address("fd:" + std::to_string(handed_over)));
    CHECK(adopted.name() == original.name());
    const int plain = ::socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(code_of_listening("fd:" + std::to_string(plain)) == ErrorCode::config_invalid);
    ::close(plain);
}
