#pragma once

#include <memory>
#include <string>

#include "base/part.hpp"
#include "db/connection_pool.hpp"
#include "db/postgresql_url.hpp"

namespace findme::db {

/// What needs libpq, which brings twenty libraries along: a part that the first URL of a server loads. See
/// the functions' own declarations for what they do.
struct PostgresqlBackend : base::PartHeader {
    PostgresqlUrl (*read_url)(const std::string& url, const std::string& application_name);
    std::unique_ptr<PooledConnection> (*connect)(const PostgresqlUrl& url, const OpenOptions& options);
    std::string (*password_file)(const std::string& url);
};

/// @errors throws as base::load_part().
[[nodiscard]] const PostgresqlBackend& postgresql_backend();

}  // namespace findme::db
