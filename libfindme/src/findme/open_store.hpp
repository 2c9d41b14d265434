#pragma once

#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/config.hpp"
#include "findme/model.hpp"

namespace findme {

/// The configured database, else SQLite in the data folder.
[[nodiscard]] std::string database_url_of(const Config& config, const std::string& data_dir);

/// Makes the data folder, for its owner alone, where the default database is to lie in it. The folder that a
/// URL names is where somebody said it is.
/// @errors throws Error{store_read_only, store_full, store_unreachable}.
void make_data_dir(const Config& config, const std::string& data_dir);

/// The absolute path of an embedded database without links: what lies beside it lies there. Empty for a
/// server's URL.
[[nodiscard]] std::string embedded_file_of(const std::string& database_url);

/// Where model files are looked for, the first place first.
[[nodiscard]] std::vector<std::string> model_folders(const Config& config, const std::string& data_dir);

/// The release's models, with the detector that the configuration chooses.
/// @errors throws Error{config_invalid, model_missing} when it chooses none that is there.
[[nodiscard]] ModelManifest models_in_use(const Config& config, const std::string& data_dir);

[[nodiscard]] db::OpenOptions open_options_of(const Config& config);

}  // namespace findme
