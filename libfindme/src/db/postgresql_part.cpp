#include "db/postgresql_backend.hpp"
#include "db/postgresql_connection.hpp"
#include "db/postgresql_password_file.hpp"

namespace findme::db {
namespace {

std::unique_ptr<PooledConnection> connect(const PostgresqlUrl& url, const OpenOptions& options) {
    return std::make_unique<PostgresqlConnection>(url.conninfo, url.name, options);
}

}  // namespace
}  // namespace findme::db

extern "C" {
[[gnu::visibility("default")]] extern const findme::db::PostgresqlBackend findme_postgresql_part;
const findme::db::PostgresqlBackend findme_postgresql_part{{FINDME_VERSION},
                                                           findme::db::read_postgresql_url,
                                                           findme::db::connect,
                                                           findme::db::postgresql_password_file};
}
