#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "db/connection.hpp"

namespace findme::db {

/// What a pool asks of the connections it keeps.
class PooledConnection : public Connection {
  public:
    /// Rolls back what the last user left open.
    /// @return false when it is not fit for another use.
    [[nodiscard]] virtual bool reset() noexcept = 0;
    /// Whether the database still answers over it.
    [[nodiscard]] virtual bool is_alive() noexcept = 0;
};

struct PoolOptions {
    std::size_t size = 5;       ///< Kept open when nobody uses them.
    std::size_t overflow = 10;  ///< More than that at once, closed when given back.
    std::chrono::milliseconds checkout_timeout{30'000};
    std::chrono::seconds recycle_after{1800};
};

/// Connections to one database: made when asked for, given back, used again, the last one first. Thread-safe;
/// no lock is held while a connection is made or asked whether it lives. A child process does not use the
/// connections of its parent.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
  public:
    using Factory = std::function<std::unique_ptr<PooledConnection>()>;

    ConnectionPool(Factory factory, PoolOptions options);
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;
    ~ConnectionPool();

    /// Given back when the pointer goes, which may outlive everything but the process.
    /// @errors throws Error{pool_exhausted}, and what the factory throws.
    [[nodiscard]] std::shared_ptr<Connection> take();

  private:
    using Clock = std::chrono::steady_clock;
    struct Entry {
        std::unique_ptr<PooledConnection> connection;
        Clock::time_point made_at;
        pid_t process = 0;  ///< That made it, and alone may use it.
    };

    /// Waits for room. @return an idle connection, or an empty entry: then one is to be made.
    [[nodiscard]] Entry reserve();
    void give_back(Entry entry) noexcept;
    void leave() noexcept;
    /// Forgets what a parent process had: closing it would say goodbye to the server in the parent's name.
    void abandon_after_fork() noexcept;
    [[nodiscard]] bool is_usable(const Entry& entry) const;

    Factory factory_;
    PoolOptions options_;
    std::mutex mutex_;
    std::condition_variable room_;
    std::vector<Entry> idle_;
    std::size_t in_use_ = 0;
    pid_t process_;
};

}  // namespace findme::db
