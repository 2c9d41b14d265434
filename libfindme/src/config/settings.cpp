#include "config/settings.hpp"

#include <array>
#include <charconv>
#include <concepts>
#include <cstdio>
#include <limits>

namespace findme::config {
namespace {

template <typename Number>
std::string set_number(Number& field, std::string_view text, Number least, Number most) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most) {
        field = value;
        return {};
    }
    const char* kind = std::floating_point<Number> ? "a number" : "a whole number";
    char range[96];
    std::snprintf(range, sizeof range, " from %g to %g", static_cast<double>(least),
                  static_cast<double>(most));
    return std::string(kind) + range;
}

std::string print_number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.10g", value);
    return text;
}

std::string set_database(Config& config, std::string_view text) {
    if (text.empty() || text.starts_with("sqlite:") || text.starts_with("postgresql:") ||
        text.starts_with("postgres:")) {
        config.database_url = text;
        return {};
    }
    return "sqlite:PATH or postgresql://...";
}

constexpr std::array<Setting, 17> kSettings{{
    {"database", "", "Where accounts, events and faces are kept: sqlite:PATH or postgresql://...",
     set_database, [](const Config& c) { return c.database_url; }},
    {"database_pool.size", "connections", "Connections to a database server that are kept open",
     [](Config& c, std::string_view text) { return set_number(c.database_pool_size, text, 1, 1000); },
     [](const Config& c) { return std::to_string(c.database_pool_size); }},
    {"database_pool.overflow", "connections", "Connections beyond that at once; they are closed after use",
     [](Config& c, std::string_view text) { return set_number(c.database_pool_overflow, text, 0, 1000); },
     [](const Config& c) { return std::to_string(c.database_pool_overflow); }},
    {"database_pool.timeout_s", "s", "How long to wait for a connection while all are in use",
     [](Config& c, std::string_view text) { return set_number(c.database_pool_timeout_s, text, 1, 3600); },
     [](const Config& c) { return std::to_string(c.database_pool_timeout_s); }},
    {"database_pool.recycle_s", "s", "Connections older than this are made anew",
     [](Config& c, std::string_view text) { return set_number(c.database_pool_recycle_s, text, 1, 86400); },
     [](const Config& c) { return std::to_string(c.database_pool_recycle_s); }},
    {"models.dir", "", "Folder of the model files; empty for the user's and the installed one",
     [](Config& c, std::string_view text) {
         c.models_dir = text;
         return std::string();
     },
     [](const Config& c) { return c.models_dir; }},
    {"image.max_file_bytes", "bytes", "Larger files are refused unread",
     [](Config& c, std::string_view text) {
         return set_number<std::size_t>(c.image.max_file_bytes, text, 1024, std::size_t{4} << 30U);
     },
     [](const Config& c) { return std::to_string(c.image.max_file_bytes); }},
    {"image.max_side_px", "px", "Pictures wider or higher are refused",
     [](Config& c, std::string_view text) { return set_number(c.image.max_side_px, text, 16, 65'500); },
     [](const Config& c) { return std::to_string(c.image.max_side_px); }},
    {"image.max_pixels", "px", "Pictures of more pixels are refused",
     [](Config& c, std::string_view text) {
         return set_number<std::int64_t>(c.image.max_pixels, text, 256, 1'000'000'000);
     },
     [](const Config& c) { return std::to_string(c.image.max_pixels); }},
    {"image.max_jpeg_scans", "scans", "Progressive JPEGs of more scans are refused",
     [](Config& c, std::string_view text) { return set_number(c.image.max_jpeg_scans, text, 1, 500); },
     [](const Config& c) { return std::to_string(c.image.max_jpeg_scans); }},
    {"index.jobs", "photos", "Photos worked on at once; 0 for one per core",
     [](Config& c, std::string_view text) { return set_number(c.index_jobs, text, 0, 1024); },
     [](const Config& c) { return std::to_string(c.index_jobs); }},
    {"index.memory_mib", "MiB", "Decoded pixels held at once over all jobs; one photo may always be held",
     [](Config& c, std::string_view text) { return set_number(c.index_memory_mib, text, 16, 1 << 20); },
     [](const Config& c) { return std::to_string(c.index_memory_mib); }},
    {"match.min_score", "0-100", "Matches below are not shown; 70 is the threshold measured for the model",
     [](Config& c, std::string_view text) { return set_number(c.match_min_score, text, 0.0, 100.0); },
     [](const Config& c) { return print_number(c.match_min_score); }},
    {"selfie.min_face_px", "px", "A selfie's face must be at least this high",
     [](Config& c, std::string_view text) { return set_number(c.selfie_min_face_px, text, 16, 4096); },
     [](const Config& c) { return std::to_string(c.selfie_min_face_px); }},
    {"selfie.min_face_percent", "%", "A selfie's face must fill at least this part of the picture",
     [](Config& c, std::string_view text) { return set_number(c.selfie_min_face_percent, text, 0.0, 50.0); },
     [](const Config& c) { return print_number(c.selfie_min_face_percent); }},
    {"selfie.min_sharpness", "variance", "A selfie's face must be at least this sharp; 0 takes any",
     [](Config& c, std::string_view text) { return set_number(c.selfie_min_sharpness, text, 0.0, 10'000.0); },
     [](const Config& c) { return print_number(c.selfie_min_sharpness); }},
    {"selfie.max_yaw", "eye distances", "A selfie's face may be turned away at most this far",
     [](Config& c, std::string_view text) { return set_number(c.selfie_max_yaw, text, 0.05, 2.0); },
     [](const Config& c) { return print_number(c.selfie_max_yaw); }},
}};

}  // namespace

std::span<const Setting> settings() {
    return kSettings;
}

std::string variable_of(const Setting& setting) {
    // The database's variable is named by what it holds: a URL.
    if (setting.key == "database") return "FINDME_DATABASE_URL";
    std::string name = "FINDME_";
    for (const char c : setting.key)
        name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
}

}  // namespace findme::config
