#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findme/error.hpp"
#include "findme/export.hpp"
#include "findme/image.hpp"
#include "findme/log.hpp"

namespace findme {

/// How log lines look: `automatic` is `journal` where the standard error is systemd's journal, else `text`.
enum class LogFormat { automatic, text, json, journal };
/// `auto`, `text`, `json`, `journal`.
FINDME_API std::string_view to_string(LogFormat format) noexcept;

/// What the networks compute in: `automatic` is bf16 where the processor multiplies such numbers itself, else
/// f32. Templates of both are comparable.
enum class ModelPrecision { automatic, f32, bf16 };
/// `auto`, `f32`, `bf16`.
FINDME_API std::string_view to_string(ModelPrecision precision) noexcept;

/// Every setting, with its default.
struct Config {
    std::string database_url;            ///< Empty: SQLite in the user's data folder.
    int database_wait_s = 6;             ///< For one that is busy or away, before work on it fails.
    int database_pool_size = 5;          ///< Connections to a server that are kept open.
    int database_pool_overflow = 10;     ///< More than that at once, closed after use.
    int database_pool_timeout_s = 30;    ///< How long to wait for a connection when all are in use.
    int database_pool_recycle_s = 1800;  ///< Older connections are made anew.
    int database_pool_processes = 1;     ///< That work on the database at once, as `doctor` reckons.
    std::string models_dir;              ///< Empty: the user's data folder, then the installed one.
    /// Or an id or SHA-256 of `model list`, see findme-model(1).
    std::string models_detector = "auto";
    /// Or an id of the manifest's recognisers, see findme-model(1).
    std::string models_recogniser = "auto";
    ModelPrecision models_precision = ModelPrecision::automatic;
    ImageLimits image;
    int index_jobs = 0;           ///< Photos worked on at once; 0: one per core.
    int index_memory_mib = 384;   ///< Decoded pixels held at once, over all jobs.
    int index_lease_s = 60;       ///< Shared runs: without a sign of life for so long, others take over.
    double match_min_score = 70;  ///< 0-100; 70 is the calibrated threshold.
    int selfie_min_face_px = 44;
    double selfie_min_face_percent = 0.8;  ///< Of the picture's area.
    double selfie_min_sharpness = 12;      ///< Variance of the Laplacian over the aligned chip.
    double selfie_max_yaw = 0.45;          ///< See FaceQuality.
    LogLevel log_level = LogLevel::warning;
    LogFormat log_format = LogFormat::automatic;
    std::string health_listen = "127.0.0.1:9631";  ///< HOST:PORT, [HOST]:PORT or unix:PATH; port 0: any.
    int health_cache_ms = 2000;                    ///< An answer of the database serves so long.
    int health_max_connections = 512;              ///< Further ones are refused.
    int health_timeout_s = 5;                      ///< A connection that says nothing for so long is closed.
    bool health_db_raw_test = false;               ///< Whether /api/db-raw-test answers at all.
};

/// The environment as the program was given it; the library never reads it itself.
using Environment = std::map<std::string, std::string, std::less<>>;

/// Who gave a value; each beats those before it.
enum class ConfigOrigin { built_in, system_file, user_file, file, environment, flag };
/// `default`, `system file`, `user file`, `file`, `environment`, `flag`.
FINDME_API std::string_view to_string(ConfigOrigin origin) noexcept;

/// What a setting holds; `toggle` is true or false.
enum class ConfigType { text, path, whole_number, number, toggle, choice, address, url };
/// `text`, `path`, `whole_number`, `number`, `switch`, `choice`, `address`, `url`.
FINDME_API std::string_view to_string(ConfigType type) noexcept;

/// One setting as `config show` prints it.
struct ConfigEntry {
    std::string key = {};
    std::string value = {};  ///< Safe to print: credentials are masked.
    std::string unit = {};
    ConfigOrigin origin = ConfigOrigin::built_in;
    std::string source = {};  ///< File and line, the variable's name, or the flag.
    std::string help = {};
    ConfigType type = ConfigType::text;
    std::string range = {};  ///< What it may be, as in `0 to 1024`; empty: any text.
    double least = 0;        ///< Of a number: the same, to reckon with.
    double most = 0;
    std::vector<std::string> choices = {};  ///< Every value it may have, of a choice or a switch.
    std::string default_value = {};
    std::string variable = {};
    std::string flag = {};  ///< Its own flag, after the command that has it, as in `index --jobs`; or empty.
    std::string details = {};  ///< What else is worth knowing, in sentences; or empty.
    std::string example = {};  ///< A value to show where the default is empty.
};

struct LoadedConfig {
    Config config;
    std::vector<ConfigEntry> entries;
};

/// Values by key, as flags give them.
using ConfigOverrides = std::map<std::string, std::string, std::less<>>;

/// Everything a value can come from.
struct ConfigSources {
    Environment environment = {};
    std::string system_file = {};          ///< Read when it is there, or FINDME_SYSTEM_CONFIG; empty: none.
    std::optional<std::string> file = {};  ///< Without it the one that the variable FINDME_CONFIG names.
    ConfigOverrides settings = {};         ///< By the flag that sets any of them: `--set KEY=VALUE`.
    ConfigOverrides flags = {};            ///< By flags of their own, as `--database`; they beat `settings`.
};

/// A file that was read.
struct ConfigFile {
    std::string path;
    ConfigOrigin origin = ConfigOrigin::file;
    int setting_count = 0;
};

/// What is wrong with a configuration, all of it at once.
struct ConfigReport {
    LoadedConfig loaded;  ///< What is in force without the values that are wrong.
    std::vector<ConfigFile> files;
    std::vector<ErrorInfo> problems;    ///< Each with the place as its subject.
    std::vector<std::string> warnings;  ///< What works and is hardly meant, one sentence each.
};

/// Where the system's file is looked for: `findme/findme.yaml` in the folder for settings that this library
/// was built for, as a rule /etc/findme/findme.yaml.
FINDME_API std::string system_config_file();

/// Merges flag > FINDME_* variable > the named file > the user's file ($XDG_CONFIG_HOME/findme/findme.yaml,
/// when there) > the system's file (when there) > default.
/// @errors throws Error{config_invalid} for unknown keys and bad values, naming file and line, the variable
/// or the flag; its problems are all of them, its message is the first.
FINDME_API LoadedConfig load_config(const ConfigSources& sources);
/// The same with the system's file, and with `overrides` as its settings.
FINDME_API LoadedConfig load_config(const Environment& environment, const std::optional<std::string>& file,
                                    const ConfigOverrides& overrides);
/// Reads the same, and throws nothing that it can report.
FINDME_API ConfigReport check_config(const ConfigSources& sources);
/// @errors throws what load_config() throws for the same sources.
FINDME_API void require_good(const ConfigReport& report);

/// Every setting with its default, in the order of the documents.
FINDME_API std::vector<ConfigEntry> config_schema();

/// Settings that belong together: `image` of `image.max_side_px`.
struct ConfigGroup {
    std::string name;
    std::string help;  ///< A sentence, or empty.
};
FINDME_API std::vector<ConfigGroup> config_groups();

/// `$XDG_DATA_HOME/findme`, else `$HOME/.local/share/findme`.
/// @errors throws Error{config_invalid} when neither variable is set.
FINDME_API std::string user_data_dir(const Environment& environment);

}  // namespace findme
