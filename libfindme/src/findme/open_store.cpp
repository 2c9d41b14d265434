#include "findme/open_store.hpp"

namespace findme {

std::string database_url_of(const Config& config, const std::string& data_dir) {
    return config.database_url.empty() ? "sqlite:" + data_dir + "/findme.db" : config.database_url;
}

db::OpenOptions open_options_of(const Config& config) {
    db::OpenOptions options;
    options.pool_size = static_cast<std::size_t>(config.database_pool_size);
    options.pool_overflow = static_cast<std::size_t>(config.database_pool_overflow);
    options.checkout_timeout = std::chrono::seconds{config.database_pool_timeout_s};
    options.recycle_after = std::chrono::seconds{config.database_pool_recycle_s};
    return options;
}

}  // namespace findme
