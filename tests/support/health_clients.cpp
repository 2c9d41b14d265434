#include "support/health_clients.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "support/patience.hpp"

namespace findme::testing {
namespace {

int open_to(const sockaddr* address, socklen_t size) {
    const int descriptor = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval longest{patience(std::chrono::seconds{10}).count(), 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
    if (::connect(descriptor, address, size) == 0) return descriptor;
    ::close(descriptor);
    return -1;
}

}  // namespace

std::string HttpReply::header(std::string_view name) const {
    const std::string line = "\r\n" + std::string(name) + ": ";
    const auto at = headers.find(line);
    if (at == std::string::npos) return {};
    const auto begin = at + line.size();
    return headers.substr(begin, headers.find("\r\n", begin) - begin);
}

HttpConnection::HttpConnection(const std::string& address) {
    constexpr std::string_view kUnix = "unix:";
    if (address.starts_with(kUnix)) {
        sockaddr_un local{};
        local.sun_family = AF_UNIX;
        address.copy(local.sun_path, sizeof local.sun_path - 1, kUnix.size());
        descriptor_ = open_to(reinterpret_cast<const sockaddr*>(&local), sizeof local);
        return;
    }
    sockaddr_in loopback{};
    loopback.sin_family = AF_INET;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    loopback.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    descriptor_ = open_to(reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback);
}

HttpConnection::~HttpConnection() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

bool HttpConnection::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

HttpReply HttpConnection::read() const {
    std::string all;
    std::array<char, 4096> part{};
    for (;;) {
        const auto size = ::recv(descriptor_, part.data(), part.size(), 0);
        if (size <= 0) break;
        all.append(part.data(), static_cast<std::size_t>(size));
    }
    HttpReply reply;
    const auto end = all.find("\r\n\r\n");
    constexpr std::size_t kBeforeStatus = 9;  // "HTTP/1.1 "
    if (end == std::string::npos || all.size() < kBeforeStatus) return reply;
    reply.status = std::stoi(all.substr(kBeforeStatus, 3));
    reply.headers = all.substr(0, end + 2);
    reply.body = all.substr(end + 4);
    return reply;
}

bool HttpConnection::ends() const {
    char byte = 0;
    ssize_t got = 0;
    while ((got = ::recv(descriptor_, &byte, 1, 0)) > 0) continue;
    // A timeout is no end.
    return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

HttpReply http(const std::string& address, std::string_view method, std::string_view path,
               std::string_view headers) {
    const HttpConnection connection(address);
    if (!connection.is_open()) return {};
    connection.send(std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" +
                    std::string(headers) + "Connection: close\r\n\r\n");
    return connection.read();
}

}  // namespace findme::testing
