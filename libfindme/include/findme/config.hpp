#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findme/export.hpp"
#include "findme/image.hpp"

namespace findme {

/// Every setting of the library, with its default.
struct Config {
    std::string database_url;            ///< Empty: SQLite in the user's data folder.
    int database_pool_size = 5;          ///< Connections to a server that are kept open.
    int database_pool_overflow = 10;     ///< More than that at once, closed after use.
    int database_pool_timeout_s = 30;    ///< How long to wait for a connection when all are in use.
    int database_pool_recycle_s = 1800;  ///< Older connections are made anew.
    std::string models_dir;              ///< Empty: the user's data folder, then the installed one.
    ImageLimits image;
    int index_jobs = 0;           ///< Photos worked on at once; 0: one per core.
    int index_memory_mib = 384;   ///< Decoded pixels held at once, over all jobs.
    double match_min_score = 70;  ///< 0-100; 70 is the calibrated threshold.
    int selfie_min_face_px = 44;
    double selfie_min_face_percent = 0.8;  ///< Of the picture's area.
    double selfie_min_sharpness = 12;      ///< Variance of the Laplacian over the aligned chip.
    double selfie_max_yaw = 0.45;          ///< See FaceQuality.
};

/// The environment as the program was given it; the library never reads it itself.
using Environment = std::map<std::string, std::string, std::less<>>;

enum class ConfigOrigin { built_in, user_file, file, environment, flag };
/// `default`, `user file`, `file`, `environment`, `flag`.
FINDME_API std::string_view to_string(ConfigOrigin origin) noexcept;

/// One setting as `config show` prints it.
struct ConfigEntry {
    std::string key;
    std::string value;  ///< Safe to print: credentials are masked.
    std::string unit;
    ConfigOrigin origin = ConfigOrigin::built_in;
    std::string source;  ///< File and line, or the variable's name.
    std::string help;
};

struct LoadedConfig {
    Config config;
    std::vector<ConfigEntry> entries;
};

/// Values by key, as flags give them.
using ConfigOverrides = std::map<std::string, std::string, std::less<>>;

/// Merges flag > FINDME_* variable > `file` > the user's file ($XDG_CONFIG_HOME/findme/findme.yaml, when
/// there) > default.
/// @errors throws Error{config_invalid} for an unknown key or a bad value, naming file and line or the
/// variable.
FINDME_API LoadedConfig load_config(const Environment& environment, const std::optional<std::string>& file,
                                    const ConfigOverrides& overrides);

/// `$XDG_DATA_HOME/findme`, else `$HOME/.local/share/findme`.
/// @errors throws Error{config_invalid} when neither variable is set.
FINDME_API std::string user_data_dir(const Environment& environment);

}  // namespace findme
