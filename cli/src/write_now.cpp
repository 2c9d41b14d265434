#include "write_now.hpp"

#include <poll.h>
#include <unistd.h>

namespace findme::cli {

void write_now(int descriptor, std::string_view text) {
    pollfd room{descriptor, POLLOUT, 0};
    if (::poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0) return;
    // A pipe with room takes a line whole.
    [[maybe_unused]] const auto written = ::write(descriptor, text.data(), text.size());
}

}  // namespace findme::cli
