#pragma once

#include <memory>
#include <string>

#include "db/connection.hpp"

namespace findme::db {

/// One SQLite file and the connections to it: opened when asked for, given back, used again.
class SqliteDatabase final : public Database {
  public:
    /// @param path  of the file; relative ones are resolved now, so that a later chdir moves nothing.
    /// @errors as open_database.
    SqliteDatabase(const std::string& path, IfMissing if_missing);
    ~SqliteDatabase() override;

    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }
    [[nodiscard]] std::shared_ptr<Connection> connect() override;
    [[nodiscard]] std::string display_name() const override;

  private:
    class Pool;
    std::shared_ptr<Pool>
        pool_;  ///< Shared with the connections that are out: they may outlive the database.
};

/// Whether a file system of this kind (statfs's f_type) is shared over a network. There the shared memory of
/// the write-ahead log does not work, and two machines would damage the database.
/// @source linux/magic.h
[[nodiscard]] bool is_network_file_system(long kind) noexcept;

}  // namespace findme::db
