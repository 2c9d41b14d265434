#include "db/postgresql_database.hpp"

#include "db/postgresql_connection.hpp"

namespace findme::db {

PostgresqlDatabase::PostgresqlDatabase(PostgresqlUrl url, const OpenOptions& options)
    : name_(url.name),
      pool_(std::make_shared<ConnectionPool>(
          [url = std::move(url), options]() -> std::unique_ptr<PooledConnection> {
              return std::make_unique<PostgresqlConnection>(url.conninfo, url.name, options);
          },
          PoolOptions{options.pool_size, options.pool_overflow, options.checkout_timeout,
                      options.recycle_after})) {}

}  // namespace findme::db
