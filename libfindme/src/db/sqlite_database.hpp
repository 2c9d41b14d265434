#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "db/connection_pool.hpp"

namespace findme::db {

/// One SQLite file and the connections to it: opened when asked for, given back, used again.
class SqliteDatabase final : public Database {
  public:
    /// @param path  of the file; relative ones are resolved now, so that a later chdir moves nothing.
    /// @errors as open_database.
    SqliteDatabase(const std::string& path, const OpenOptions& options);
    /// An empty one in memory, of which nothing is left, for what looks at a database that is not there yet.
    /// Every connection has one of its own.
    /// @param path  only shown.
    [[nodiscard]] static std::unique_ptr<Database> stand_in(const std::string& path);

    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }
    [[nodiscard]] std::shared_ptr<Connection> connect() override { return pool_->take(); }
    [[nodiscard]] std::string display_name() const override { return "sqlite:" + path_; }

  private:
    /// @param opened  what SQLite opens for it.
    SqliteDatabase(std::string path, const std::string& opened, std::chrono::milliseconds patience);

    std::string path_;
    std::shared_ptr<ConnectionPool>
        pool_;  ///< Shared with the connections that are out: they may outlive it.
};

/// What an embedded database needs cannot be made.
/// @param what   as in `the database "a.db"`.
/// @param error  errno.
/// @errors throws Error{store_full, store_read_only, store_unreachable}.
[[noreturn]] void refuse_creation(const std::string& what, const std::string& path, int error);

/// Whether a file system of this kind (statfs's f_type) is shared over a network. There the shared memory of
/// the write-ahead log does not work, and two machines would damage the database.
/// @source linux/magic.h
[[nodiscard]] bool is_network_file_system(long kind) noexcept;

}  // namespace findme::db
