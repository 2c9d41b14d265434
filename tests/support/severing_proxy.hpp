#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/test_database.hpp"

namespace findme::testing {

/// Stands between a client and the tests' PostgreSQL server and loses the answer to one request: the server
/// has done what was asked for, and the client never hears of it.
class SeveringProxy {
  public:
    /// @param url  of a database on a server that is reached over a UNIX socket.
    explicit SeveringProxy(const std::string& url);
    SeveringProxy(const SeveringProxy&) = delete;
    SeveringProxy& operator=(const SeveringProxy&) = delete;
    ~SeveringProxy();

    /// The same database, through the proxy.
    [[nodiscard]] const std::string& url() const { return url_; }
    /// The next message that holds `text` is passed on, and its answer is not; `times` over.
    void sever_after(const std::string& text, int times = 1);
    /// How often that is still going to happen.
    [[nodiscard]] int left() const { return left_; }

  private:
    void accept_clients();
    void serve(int client);
    [[nodiscard]] bool is_fatal(const std::string& message);

    TemporaryFolder folder_;
    std::string url_;
    std::string server_socket_;
    std::mutex mutex_;
    std::string fatal_text_;
    std::atomic<int> left_{0};
    std::atomic<bool> stopping_{false};
    int listener_ = -1;
    std::vector<std::jthread> sessions_;  ///< The acceptor's until it is joined.
    std::jthread acceptor_;
};

}  // namespace findme::testing
