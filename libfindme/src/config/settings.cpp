#include "config/settings.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace findme::config {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kGroups{{
    {"database_pool", "Connections to a database server; an embedded database has no use for these."},
    {"models", ""},
    {"image", "What a picture may ask for; judged on its header, before any pixel is decoded."},
    {"index", ""},
    {"match", ""},
    {"selfie", "When a selfie is good enough to search with."},
    {"log", "What is written of what happens, and how."},
    {"health", "What serve-health does."},
}};

constexpr auto kSettings = std::to_array<Setting>({
    {.key = "database",
     .field = &Config::database_url,
     .text_type = ConfigType::url,
     .help = "Where accounts, events and faces are kept",
     .details = "Empty: `sqlite:$XDG_DATA_HOME/findme/findme.db`, which is `~/.local/share/findme/findme.db` "
                "where that variable is not set. The file of SQLite must lie on a local disk. A password "
                "belongs into `~/.pgpass` or a service file, not into this URL; a file that holds one "
                "nevertheless is refused unless only its owner can read it.",
     .flag = "--database",
     .example = "sqlite:/srv/findme/findme.db"},
    {.key = "database_wait_s",
     .field = &Config::database_wait_s,
     .range = {0, 3600},
     .unit = "s",
     .help = "How long work waits for a database that is busy or away",
     .details =
         "For the lock of an embedded one, while others write to it; and for a server that restarts, in all "
         "between the tries. After that the command ends with exit code 6. Raise it where many write to one "
         "file "
         "on a slow disk, or where a server takes longer to come back."},
    {.key = "database_pool.size",
     .field = &Config::database_pool_size,
     .range = {1, 1000},
     .unit = "connections",
     .help = "Connections to a database server that are kept open",
     .details = "All processes together must stay below the server's `max_connections`; see "
                "`database_pool.processes`."},
    {.key = "database_pool.overflow",
     .field = &Config::database_pool_overflow,
     .range = {0, 1000},
     .unit = "connections",
     .help = "Connections beyond that at once; they are closed after use"},
    {.key = "database_pool.timeout_s",
     .field = &Config::database_pool_timeout_s,
     .range = {1, 3600},
     .unit = "s",
     .help = "How long to wait for a connection while all are in use"},
    {.key = "database_pool.recycle_s",
     .field = &Config::database_pool_recycle_s,
     .range = {1, 86400},
     .unit = "s",
     .help = "Connections older than this are made anew"},
    {.key = "database_pool.processes",
     .field = &Config::database_pool_processes,
     .range = {1, 10'000},
     .unit = "processes",
     .help = "How many processes of findme work on the database at once, on all machines",
     .details = "Changes nothing but what `findme doctor` reckons with: each has a pool of its own, and the "
                "server must have room for all of them. serve-health and the lock of a run take one "
                "connection each and count as what else is connected."},
    {.key = "models.dir",
     .field = &Config::models_dir,
     .text_type = ConfigType::path,
     .help = "Folder of the model files",
     .details = "Empty: `$XDG_DATA_HOME/findme/models`, then the folder of the installation; see "
                "`findme-model(1)`.",
     .example = "/srv/findme/models"},
    {.key = "models.detector",
     .field = &Config::models_detector,
     .help = "The detector that finds the faces",
     .details =
         "`auto`: the one that was added with `findme model add`, else the release's own. Or one of those "
         "in `findme model list`, by its id or at least 8 digits of its SHA-256. Photos indexed with "
         "another one are to be indexed again before they are found."},
    {.key = "models.recogniser",
     .field = &Config::models_recogniser,
     .help = "What makes the templates that faces are compared by",
     .details =
         "`auto`: the release's own. Or one of those in `findme-model(1)`, by its id. Photos and selfies of "
         "another one are not compared: choose before an event is indexed."},
    {.key = "models.precision",
     .field = &Config::models_precision,
     .help = "What the networks compute in",
     .details =
         "`auto` is `bf16` where the processor multiplies such numbers itself (AVX512-BF16, AMX), else "
         "`f32`, which is exact and slower; `findme version -v` says which. Faces found with either "
         "match each other."},
    {.key = "image.max_file_bytes",
     .field = &ImageLimits::max_file_bytes,
     .range = {1024, 4294967296.0},
     .unit = "bytes",
     .help = "Larger files are refused unread"},
    {.key = "image.max_side_px",
     .field = &ImageLimits::max_side_px,
     .range = {16, 65'500},
     .unit = "px",
     .help = "Pictures wider or higher are refused"},
    {.key = "image.max_pixels",
     .field = &ImageLimits::max_pixels,
     .range = {256, 1e9},
     .unit = "px",
     .help = "Pictures of more pixels are refused"},
    {.key = "image.max_jpeg_scans",
     .field = &ImageLimits::max_jpeg_scans,
     .range = {1, 500},
     .unit = "scans",
     .help = "Progressive JPEGs of more scans are refused",
     .details = "Each scan costs a pass over the whole picture."},
    {.key = "index.jobs",
     .field = &Config::index_jobs,
     .range = {0, 1024},
     .unit = "photos",
     .help = "Photos worked on at once; 0 for one per core",
     .flag = "index --jobs"},
    {.key = "index.memory_mib",
     .field = &Config::index_memory_mib,
     .range = {16, 1 << 20},
     .unit = "MiB",
     .help = "Decoded pixels held at once over all jobs",
     .details = "One photo may always be held, however large."},
    {.key = "index.lease_s",
     .field = &Config::index_lease_s,
     .range = {3, 3600},
     .unit = "s",
     .help = "When a shared run has given no sign of life for so long, others take over its photos",
     .details = "It gives three in that time."},
    {.key = "match.min_score",
     .field = &Config::match_min_score,
     .range = {0, 100},
     .unit = "points",
     .help = "Matches below are not shown",
     .details = "70 is the threshold measured for the model; lower finds more, and more strangers.",
     .flag = "match --min-score"},
    {.key = "selfie.min_face_px",
     .field = &Config::selfie_min_face_px,
     .range = {16, 4096},
     .unit = "px",
     .help = "A selfie's face must be at least this high"},
    {.key = "selfie.min_face_percent",
     .field = &Config::selfie_min_face_percent,
     .range = {0, 50},
     .unit = "%",
     .help = "A selfie's face must fill at least this part of the picture's area"},
    {.key = "selfie.min_sharpness",
     .field = &Config::selfie_min_sharpness,
     .range = {0, 10'000},
     .unit = "variance",
     .help = "A selfie's face must be at least this sharp; 0 takes any",
     .details = "The variance of the Laplacian over the aligned grey face."},
    {.key = "selfie.max_yaw",
     .field = &Config::selfie_max_yaw,
     .range = {0.05, 2},
     .unit = "eye distances",
     .help = "A selfie's face may be turned away at most this far",
     .details = "The offset of the nose from the middle of the eyes."},
    {.key = "log.level", .field = &Config::log_level, .help = "Log lines of less weight are not written"},
    {.key = "log.format",
     .field = &Config::log_format,
     .help = "How log lines look",
     .details = "`auto` is `journal` where the standard error is the journal of systemd, else `text`."},
    {.key = "health.listen",
     .field = &Config::health_listen,
     .text_type = ConfigType::address,
     .help = "Where serve-health listens",
     .details = "The host is an IP address or `localhost`. Port 0 takes any that is free.",
     .flag = "serve-health --listen"},
    {.key = "health.cache_ms",
     .field = &Config::health_cache_ms,
     .range = {1000, 5000},
     .unit = "ms",
     .help = "How long serve-health repeats an answer of the database"},
    {.key = "health.max_connections",
     .field = &Config::health_max_connections,
     .range = {8, 10'000},
     .unit = "connections",
     .help = "More at once are refused by serve-health"},
    {.key = "health.timeout_s",
     .field = &Config::health_timeout_s,
     .range = {1, 60},
     .unit = "s",
     .help = "serve-health closes a connection that is silent for so long"},
    {.key = "health.db_raw_test",
     .field = &Config::health_db_raw_test,
     .help = "Whether serve-health answers /api/db-raw-test"},
});

}  // namespace

std::span<const Setting> settings() {
    return kSettings;
}

std::span<const std::pair<std::string_view, std::string_view>> groups() {
    return kGroups;
}

std::string variable_of(const Setting& setting) {
    // The database's variable is named by what it holds: a URL.
    if (setting.key == "database") return "FINDME_DATABASE_URL";
    std::string name = "FINDME_";
    for (const char c : setting.key)
        name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
}

const Setting* find_setting(std::string_view key) {
    const auto* found = std::find_if(kSettings.begin(), kSettings.end(),
                                     [&](const auto& setting) { return setting.key == key; });
    return found == kSettings.end() ? nullptr : found;
}

bool is_group(std::string_view name) {
    return std::any_of(kGroups.begin(), kGroups.end(),
                       [&](const auto& group) { return group.first == name; });
}

std::string nearest_key(std::string_view key) {
    std::vector<std::string> keys;
    keys.reserve(kSettings.size());
    for (const auto& setting : kSettings) keys.emplace_back(setting.key);
    return base::did_you_mean(key, keys);
}

}  // namespace findme::config

namespace findme {

std::string_view to_string(LogFormat format) noexcept {
    switch (format) {
        case LogFormat::automatic:
            return "auto";
        case LogFormat::text:
            return "text";
        case LogFormat::json:
            return "json";
        case LogFormat::journal:
            return "journal";
    }
    return "auto";
}

std::string_view to_string(ModelPrecision precision) noexcept {
    switch (precision) {
        case ModelPrecision::automatic:
            return "auto";
        case ModelPrecision::f32:
            return "f32";
        case ModelPrecision::bf16:
            return "bf16";
    }
    return "auto";
}

std::string_view to_string(ConfigType type) noexcept {
    switch (type) {
        case ConfigType::text:
            return "text";
        case ConfigType::path:
            return "path";
        case ConfigType::whole_number:
            return "whole_number";
        case ConfigType::number:
            return "number";
        case ConfigType::toggle:
            return "switch";
        case ConfigType::choice:
            return "choice";
        case ConfigType::address:
            return "address";
        case ConfigType::url:
            return "url";
    }
    return "text";
}

}  // namespace findme
