#pragma once

#include <string>

namespace findme::db {

/// The file libpq would take a password from: of the URL's `passfile`, else of PGPASSFILE, else `~/.pgpass`.
/// Empty when the URL or PGPASSWORD brings a password, or cannot be read.
[[nodiscard]] std::string postgresql_password_file(const std::string& url);

}  // namespace findme::db
