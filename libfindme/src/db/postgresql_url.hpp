#pragma once

#include <string>
#include <string_view>

#include "db/connection.hpp"

namespace findme::db {

/// A connection URL, read once.
struct PostgresqlUrl {
    std::string conninfo;  ///< For libpq, with findme's defaults; may hold a password.
    std::string name;      ///< Safe to print: `postgresql://role@host:port/database`.
};

/// Adds what neither the URL nor the environment says: how long to try, how soon to notice that a server is
/// gone, and that a host elsewhere has to prove who it is (sslmode=verify-full).
/// @errors throws Error{config_invalid} when libpq cannot read the URL; no part of it is in the message.
[[nodiscard]] PostgresqlUrl read_postgresql_url(const std::string& url, const std::string& application_name);

/// True for sockets and loopback addresses.
[[nodiscard]] bool is_local_host(std::string_view host);

}  // namespace findme::db
