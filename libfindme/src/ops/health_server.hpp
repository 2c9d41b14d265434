#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/monotonic.hpp"
#include "findme/log.hpp"
#include "ops/health_answers.hpp"
#include "ops/listen_address.hpp"
#include "ops/metrics.hpp"

namespace findme::ops {

struct ServerLimits {
    std::size_t connections = 512;    ///< Fewer where the process may not open as many descriptors.
    std::chrono::seconds timeout{5};  ///< Of a connection that says nothing.
};

/// Answers HTTP from two threads of its own; what it answers is made elsewhere, and at once. A request that
/// does not come to its end within twice the timeout is given up, however busily its bytes drip.
class HealthServer {
  public:
    /// Called from both threads. @param open_connections  how many there are.
    using Answer = std::function<HealthResponse(const HealthRequest& request, std::size_t open_connections)>;

    /// @param log  may be null. @param clock  by which a request comes to its end or does not.
    /// @errors throws Error{internal} when it cannot begin.
    HealthServer(std::unique_ptr<ListenSocket> socket, ServerLimits limits, Answer answer,
                 std::shared_ptr<Metrics> metrics, Log* log, base::Monotonic clock = base::monotonic());
    HealthServer(const HealthServer&) = delete;
    HealthServer& operator=(const HealthServer&) = delete;
    ~HealthServer();

    [[nodiscard]] std::string address() const;
    /// How many there are at the moment.
    [[nodiscard]] std::size_t connections() const;
    /// Asks itself for /livez, a second at most. A server with too many callers answers nobody new, and
    /// lives.
    [[nodiscard]] bool answers() const;
    /// Accepts no more and waits for the requests that were begun.
    void drain(std::chrono::milliseconds patience);

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace findme::ops
