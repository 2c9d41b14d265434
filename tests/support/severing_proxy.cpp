#include "support/severing_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace findme::testing {
namespace {

constexpr int kPoll_ms = 20;  // How soon a thread notices that it is to stop.

class Socket {
  public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {
        if (descriptor < 0) throw std::runtime_error("cannot make a socket");
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { ::close(descriptor_); }
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the path of a socket is too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

/// What there is to read; empty at the end.
std::string receive(int descriptor) {
    std::array<char, 65536> buffer{};
    const auto size = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

bool send_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::string parameter(const std::string& url, const std::string& name) {
    const auto at = url.find(name + "=");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 1;
    return url.substr(begin, url.find('&', begin) - begin);
}

}  // namespace

SeveringProxy::SeveringProxy(const std::string& url) : url_(url) {
    const std::string host = parameter(url, "host");
    const std::string port = parameter(url, "port").empty() ? "5432" : parameter(url, "port");
    if (!host.starts_with('/'))
        throw std::runtime_error("FINDME_TEST_POSTGRESQL_URL names no UNIX socket (host=/...)");
    server_socket_ = host + "/.s.PGSQL." + port;
    url_.replace(url_.find("host="), 5 + host.size(), "host=" + folder_.path());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(folder_ / (".s.PGSQL." + port));
    if (::bind(listener_, generic(address), sizeof address) != 0 || ::listen(listener_, 16) != 0)
        throw std::runtime_error("cannot listen on a socket");
    acceptor_ = std::jthread([this] { accept_clients(); });
}

SeveringProxy::~SeveringProxy() {
    stopping_ = true;
    acceptor_.join();
    sessions_.clear();
    ::close(listener_);
}

void SeveringProxy::sever_after(const std::string& text, int times) {
    const std::lock_guard lock(mutex_);
    fatal_text_ = text;
    left_ = times;
}

bool SeveringProxy::is_fatal(const std::string& message) {
    const std::lock_guard lock(mutex_);
    if (left_ == 0 || message.find(fatal_text_) == std::string::npos) return false;
    --left_;
    return true;
}

void SeveringProxy::accept_clients() {
    while (!stopping_) {
        pollfd ready{listener_, POLLIN, 0};
        if (::poll(&ready, 1, kPoll_ms) <= 0) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) sessions_.emplace_back([this, client] { serve(client); });
    }
}

void SeveringProxy::serve(int client_descriptor) {
    const Socket client(client_descriptor);
    const Socket server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_of(server_socket_);
    if (::connect(server.get(), generic(address), sizeof address) != 0) return;
    bool severed = false;
    while (!stopping_) {
        std::array<pollfd, 2> ready{{{client.get(), POLLIN, 0}, {server.get(), POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), kPoll_ms) <= 0) continue;
        if (ready[0].revents != 0) {
            const std::string message = receive(client.get());
            if (message.empty()) return;
            severed = severed || is_fatal(message);
            if (!send_all(server.get(), message)) return;
        }
        if (ready[1].revents != 0) {
            const std::string answer = receive(server.get());
            // It has been done: that is what the answer says, and nobody hears it.
            if (severed || answer.empty() || !send_all(client.get(), answer)) return;
        }
    }
}

}  // namespace findme::testing
