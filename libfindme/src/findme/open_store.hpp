#pragma once

#include <string>

#include "db/connection.hpp"
#include "findme/config.hpp"

namespace findme {

/// The configured database, else SQLite in the data folder.
[[nodiscard]] std::string database_url_of(const Config& config, const std::string& data_dir);

[[nodiscard]] db::OpenOptions open_options_of(const Config& config);

}  // namespace findme
