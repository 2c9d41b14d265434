#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "findme/config.hpp"

namespace findme::cli {

/// Who started this process as a service and wants to hear from it: sd_notify(3)'s protocol. Without one all
/// of it does nothing.
class ServiceManager {
  public:
    explicit ServiceManager(const Environment& environment);

    /// @param state  lines as in `READY=1`. One that cannot be told is no reason to stop serving.
    void notify(const std::string& state) const;
    /// How often it wants a sign of life; nothing when it wants none of this process.
    [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }
    /// The first of the sockets that it listens on for us.
    [[nodiscard]] std::optional<int> listen_descriptor() const { return listen_descriptor_; }

  private:
    std::string socket_;
    std::optional<std::chrono::microseconds> watchdog_;
    std::optional<int> listen_descriptor_;
};

}  // namespace findme::cli
