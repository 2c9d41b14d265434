#include "service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace findme::cli {
namespace {

/// SD_LISTEN_FDS_START.
constexpr int kFirstDescriptor = 3;

std::string value_of(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

/// 0 where it is not set, or no number.
std::int64_t number_of(const Environment& environment, std::string_view name) {
    const std::string text = value_of(environment, name);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

ServiceManager::ServiceManager(const Environment& environment)
    : socket_(value_of(environment, "NOTIFY_SOCKET")) {
    // The variables are inherited; the ids say whom they mean.
    const bool watched =
        value_of(environment, "WATCHDOG_PID").empty() || number_of(environment, "WATCHDOG_PID") == getpid();
    const auto interval = number_of(environment, "WATCHDOG_USEC");
    if (watched && interval > 0) watchdog_ = std::chrono::microseconds{interval};
    const bool handed_over =
        number_of(environment, "LISTEN_PID") == getpid() && number_of(environment, "LISTEN_FDS") > 0;
    if (handed_over) listen_descriptor_ = kFirstDescriptor;
}

void ServiceManager::notify(const std::string& state) const {
    sockaddr_un address{};
    if (socket_.size() < 2 || socket_.size() >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    // An abstract name begins with a NUL, and has no other at its end.
    const bool is_abstract = socket_.front() == '@';
    if (is_abstract) address.sun_path[0] = '\0';
    const auto size = offsetof(sockaddr_un, sun_path) + socket_.size() + (is_abstract ? 0 : 1);
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return;
    ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size));
    ::close(descriptor);
}

}  // namespace findme::cli
