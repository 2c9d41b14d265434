#pragma once

#include <memory>
#include <string>

#include "db/connection_pool.hpp"

namespace findme::db {

/// A PostgreSQL server's database and a pool of connections to it.
class PostgresqlDatabase final : public Database {
  public:
    /// @errors throws what postgresql_backend() and read_postgresql_url() throw.
    PostgresqlDatabase(const std::string& url, const OpenOptions& options);

    [[nodiscard]] Dialect dialect() const override { return Dialect::postgresql; }
    [[nodiscard]] std::shared_ptr<Connection> connect() override { return pool_->take(); }
    [[nodiscard]] std::string display_name() const override { return name_; }

  private:
    std::string name_;
    std::shared_ptr<ConnectionPool> pool_;  ///< Shared with the connections that are out.
};

}  // namespace findme::db
