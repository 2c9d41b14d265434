#include "findme/open_store.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/text.hpp"
#include "config/model_manifest.hpp"
#include "db/sqlite_database.hpp"
#include "face/detector_files.hpp"
#include "face/model_files.hpp"

namespace findme {
namespace {

constexpr mode_t kFolderMode = 0700;

[[noreturn]] void refuse_folder(const std::filesystem::path& folder, int error) {
    db::refuse_creation("the folder " + base::quoted(folder.string()) + " for the database", folder.string(),
                        error);
}

void make_folders(const std::filesystem::path& folder) {
    if (folder.empty() || folder == folder.root_path()) return;
    if (::mkdir(folder.c_str(), kFolderMode) == 0 || errno == EEXIST) return;
    if (errno != ENOENT) refuse_folder(folder, errno);
    make_folders(folder.parent_path());
    if (::mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) refuse_folder(folder, errno);
}

}  // namespace

void make_data_dir(const Config& config, const std::string& data_dir) {
    if (config.database_url.empty()) make_folders(data_dir);
}

std::string database_url_of(const Config& config, const std::string& data_dir) {
    return config.database_url.empty() ? "sqlite:" + data_dir + "/findme.db" : config.database_url;
}

std::string embedded_file_of(const std::string& database_url) {
    constexpr std::string_view kSqlite = "sqlite:";
    if (!database_url.starts_with(kSqlite) || database_url.size() == kSqlite.size()) return {};
    const std::filesystem::path path = std::filesystem::absolute(database_url.substr(kSqlite.size()));
    std::error_code unresolved;
    const auto resolved = std::filesystem::weakly_canonical(path, unresolved);
    return unresolved ? path : resolved;
}

std::vector<std::string> model_folders(const Config& config, const std::string& data_dir) {
    if (!config.models_dir.empty()) return {config.models_dir};
    return {data_dir + "/models", FINDME_MODELS_DIR};
}

ModelManifest models_in_use(const Config& config, const std::string& data_dir) {
    auto manifest = face::with_recogniser(config::parse_manifest(config::embedded_manifest_yaml()),
                                          config.models_recogniser);
    return face::with_detector(std::move(manifest), model_folders(config, data_dir), config.models_detector);
}

db::OpenOptions open_options_of(const Config& config) {
    db::OpenOptions options;
    options.patience = std::chrono::seconds{config.database_wait_s};
    options.pool_size = static_cast<std::size_t>(config.database_pool_size);
    options.pool_overflow = static_cast<std::size_t>(config.database_pool_overflow);
    options.checkout_timeout = std::chrono::seconds{config.database_pool_timeout_s};
    options.recycle_after = std::chrono::seconds{config.database_pool_recycle_s};
    return options;
}

}  // namespace findme
