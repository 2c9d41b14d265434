#include "db/postgresql_database.hpp"

#include <chrono>
#include <utility>

#include "db/postgresql_backend.hpp"

namespace findme::db {
namespace {

/// What stands last counts.
void be_impatient(PostgresqlUrl& url, std::chrono::seconds patience) {
    url.conninfo += " connect_timeout='" + std::to_string(patience.count()) + "' tcp_user_timeout='" +
                    std::to_string(std::chrono::milliseconds(patience).count()) + "'";
}

}  // namespace

PostgresqlDatabase::PostgresqlDatabase(const std::string& url, const OpenOptions& options)
    : Database(options.patience) {
    const PostgresqlBackend& backend = postgresql_backend();
    PostgresqlUrl read = backend.read_url(url, options.application_name);
    if (options.connect_timeout.count() > 0) be_impatient(read, options.connect_timeout);
    name_ = read.name;
    pool_ = std::make_shared<ConnectionPool>(
        [&backend, read = std::move(read), options] { return backend.connect(read, options); },
        PoolOptions{options.pool_size, options.pool_overflow, options.checkout_timeout,
                    options.recycle_after});
}

}  // namespace findme::db
