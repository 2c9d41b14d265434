#include "ops/listen_address.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "base/file_descriptor.hpp"
#include "base/text.hpp"
#include "findme/error.hpp"

namespace findme::ops {
namespace {

constexpr int kBacklog = 511;
constexpr mode_t kSocketMode = 0660;
constexpr std::chrono::milliseconds kLockPoll{20};
constexpr std::chrono::milliseconds kLockPatience{2000};

/// Any kind of address.
union Address {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
    sockaddr_storage room;
};

[[noreturn]] void refuse_text(const std::string& text, const std::string& why) {
    throw Error(ErrorCode::config_invalid,
                "cannot listen on " + base::quoted(text) + ": " + why +
                    " (write HOST:PORT, [HOST]:PORT or unix:PATH for health.listen)",
                "health.listen");
}

[[noreturn]] void refuse(const std::string& name, int error) {
    const bool taken = error == EADDRINUSE;
    const bool denied = error == EACCES || error == EPERM || error == EROFS;
    const ErrorCode code = taken    ? ErrorCode::already_exists
                           : denied ? ErrorCode::store_denied
                                    : ErrorCode::config_invalid;
    const char* remedy = taken    ? "another program listens there: stop it, or choose another health.listen"
                         : denied ? "this user may not use it: choose another health.listen"
                                  : "choose another health.listen";
    throw Error(code,
                "cannot listen on " + base::quoted(name) + ": " + std::generic_category().message(error) +
                    " (" + remedy + ")",
                "health.listen");
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

ListenAddress parse_tcp(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) refuse_text(text, "it has no port");
    ListenAddress address;
    address.host = text.substr(0, colon);
    if (!read_number(std::string_view(text).substr(colon + 1), address.port))
        refuse_text(text, "a port is a number from 0 to 65535");
    if (address.host.starts_with('[') && address.host.ends_with(']')) {
        address.host = address.host.substr(1, address.host.size() - 2);
    } else if (address.host.find(':') != std::string::npos) {
        refuse_text(text, "an IPv6 address stands in brackets");
    }
    if (address.host == "localhost") address.host = "127.0.0.1";
    std::array<char, sizeof(in6_addr)> binary{};
    if (inet_pton(AF_INET, address.host.c_str(), binary.data()) != 1 &&
        inet_pton(AF_INET6, address.host.c_str(), binary.data()) != 1) {
        refuse_text(text, "the host is no IP address, nor \"localhost\"");
    }
    return address;
}

socklen_t fill(const ListenAddress& from, Address& address) {
    address.room = {};
    if (inet_pton(AF_INET, from.host.c_str(), &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(from.port);
        return sizeof address.v4;
    }
    inet_pton(AF_INET6, from.host.c_str(), &address.v6.sin6_addr);
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(from.port);
    return sizeof address.v6;
}

socklen_t fill(const std::string& path, Address& address) {
    address.room = {};
    address.local.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.local.sun_path || path.find('\0') != std::string::npos)
        refuse_text("unix:" + path, "the path of a socket has 1 to 107 bytes");
    std::memcpy(address.local.sun_path, path.data(), path.size());
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

base::FileDescriptor make_socket(int family, const std::string& name) {
    const int number = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (number < 0) refuse(name, errno);
    return base::FileDescriptor(number);
}

/// One process at a time looks at a folder's sockets and makes its own. Whoever may read the folder can hold
/// its lock: it is waited for as long as another findme needs it, not for ever.
base::FileDescriptor lock_folder_of(const std::string& path, const std::string& name) {
    std::string folder = std::filesystem::path(path).parent_path();
    if (folder.empty()) folder = ".";
    base::FileDescriptor held(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!held.ok()) refuse(name, errno);
    for (auto waited = kLockPoll; ::flock(held.get(), LOCK_EX | LOCK_NB) != 0; waited += kLockPoll) {
        if (errno != EWOULDBLOCK) refuse(name, errno);
        if (waited > kLockPatience) {
            throw Error(
                {ErrorCode::store_locked,
                 "cannot listen on " + base::quoted(name) +
                     ": another program keeps the folder locked (try again later, or choose a folder of "
                     "its own for health.listen)",
                 "health.listen", Retry::later});
        }
        std::this_thread::sleep_for(kLockPoll);
    }
    return held;
}

void remove_dead_socket(const std::string& path, const Address& address, socklen_t size,
                        const std::string& name) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return;
    if (!S_ISSOCK(info.st_mode)) {
        throw Error(ErrorCode::already_exists,
                    "cannot listen on " + base::quoted(name) +
                        ": there is a file of this name that is no socket (remove it, or choose another "
                        "health.listen)",
                    "health.listen");
    }
    const base::FileDescriptor caller = make_socket(AF_UNIX, name);
    const bool dead = ::connect(caller.get(), &address.any, size) != 0 && errno == ECONNREFUSED;
    if (!dead) refuse(name, EADDRINUSE);
    if (::unlink(path.c_str()) != 0) refuse(name, errno);
}

bool is_loopback(const Address& address) {
    if (address.any.sa_family == AF_INET6) {
        const in6_addr& v6 = address.v6.sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
    }
    return address.any.sa_family == AF_UNIX || (ntohl(address.v4.sin_addr.s_addr) >> 24U) == 127;
}

}  // namespace

ListenAddress parse_listen_address(const std::string& text) {
    constexpr std::string_view kUnix = "unix:";
    constexpr std::string_view kDescriptor = "fd:";
    ListenAddress address;
    if (text.starts_with(kUnix)) {
        address.kind = ListenAddress::Kind::unix_socket;
        address.path = text.substr(kUnix.size());
        Address checked;
        fill(address.path, checked);
        return address;
    }
    if (!text.starts_with(kDescriptor)) return parse_tcp(text);
    address.kind = ListenAddress::Kind::descriptor;
    if (!read_number(std::string_view(text).substr(kDescriptor.size()), address.descriptor))
        refuse_text(text, "a descriptor is a number");
    return address;
}

ListenSocket::ListenSocket(const ListenAddress& address) {
    switch (address.kind) {
        case ListenAddress::Kind::tcp:
            listen_tcp(address);
            break;
        case ListenAddress::Kind::unix_socket:
            listen_unix(address.path);
            break;
        case ListenAddress::Kind::descriptor:
            adopt(address.descriptor);
            break;
    }
    name_itself();
}

ListenSocket::~ListenSocket() {
    remove_file();
    if (descriptor_ >= 0) ::close(descriptor_);
}

void ListenSocket::remove_file() {
    struct stat info {};
    const bool ours = !path_.empty() && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ &&
                      info.st_ino == inode_;
    if (ours) ::unlink(path_.c_str());
    path_.clear();
}

void ListenSocket::stop_listening() {
    if (adopted_) return;
    remove_file();
    ::shutdown(descriptor_, SHUT_RDWR);
}

void ListenSocket::listen_tcp(const ListenAddress& from) {
    const std::string name = from.host + ":" + std::to_string(from.port);
    Address address;
    const socklen_t size = fill(from, address);
    base::FileDescriptor made = make_socket(address.any.sa_family, name);
    const int yes = 1;
    // A server that starts again does not wait for the last connections of the one before.
    ::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (address.any.sa_family == AF_INET6)
        ::setsockopt(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if (::bind(made.get(), &address.any, size) != 0) refuse(name, errno);
    if (::listen(made.get(), kBacklog) != 0) refuse(name, errno);
    descriptor_ = made.release();
}

void ListenSocket::listen_unix(const std::string& path) {
    const std::string name = "unix:" + path;
    Address address;
    const socklen_t size = fill(path, address);
    const base::FileDescriptor lock = lock_folder_of(path, name);
    remove_dead_socket(path, address, size, name);
    base::FileDescriptor made = make_socket(AF_UNIX, name);
    if (::bind(made.get(), &address.any, size) != 0) refuse(name, errno);
    path_ = path;
    struct stat info {};
    // Nobody gets through before listen(): there is no moment at which it is open to more than it should be.
    const bool good = ::chmod(path.c_str(), kSocketMode) == 0 && ::lstat(path.c_str(), &info) == 0 &&
                      ::listen(made.get(), kBacklog) == 0;
    if (!good) {
        const int error = errno;
        ::unlink(path.c_str());
        refuse(name, error);
    }
    device_ = info.st_dev;
    inode_ = info.st_ino;
    descriptor_ = made.release();
}

void ListenSocket::adopt(int descriptor) {
    const std::string name = "fd:" + std::to_string(descriptor);
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) refuse(name, errno);
    if (listens == 0) refuse_text(name, "it is no socket that listens");
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    descriptor_ = descriptor;
    adopted_ = true;
}

void ListenSocket::name_itself() {
    Address address;
    address.room = {};
    socklen_t size = sizeof address;
    if (::getsockname(descriptor_, &address.any, &size) != 0) refuse("health.listen", errno);
    local_ = is_loopback(address);
    std::array<char, INET6_ADDRSTRLEN> host{};
    switch (address.any.sa_family) {
        case AF_UNIX:
            name_ = std::string("unix:") + address.local.sun_path;
            break;
        case AF_INET6:
            inet_ntop(AF_INET6, &address.v6.sin6_addr, host.data(), host.size());
            name_ = "[" + std::string(host.data()) + "]:" + std::to_string(ntohs(address.v6.sin6_port));
            break;
        default:
            inet_ntop(AF_INET, &address.v4.sin_addr, host.data(), host.size());
            name_ = std::string(host.data()) + ":" + std::to_string(ntohs(address.v4.sin_port));
            break;
    }
}

int ListenSocket::connect() const {
    Address address;
    address.room = {};
    socklen_t size = sizeof address;
    if (descriptor_ < 0 || ::getsockname(descriptor_, &address.any, &size) != 0) return -1;
    base::FileDescriptor caller(::socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{1, 0};
    // The timeout for writing is that of connecting, too.
    ::setsockopt(caller.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(caller.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (caller.get() < 0 || ::connect(caller.get(), &address.any, size) != 0) return -1;
    return caller.release();
}

}  // namespace findme::ops
