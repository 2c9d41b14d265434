// Model files as the configuration has them: looked at, added, removed.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/text.hpp"
#include "config/model_manifest.hpp"
#include "db/connection.hpp"
#include "db/retry.hpp"
#include "db/sqlite_glance.hpp"
#include "face/detector_files.hpp"
#include "face/model_files.hpp"
#include "findme/findme.hpp"
#include "findme/open_store.hpp"
#include "store/audit_repository.hpp"

namespace findme {
namespace {

/// Whether a connection may be opened for the audit's sake: it would make an embedded database that is not
/// there, and change one that is another program's.
bool has_audit(const std::string& embedded_file) {
    std::error_code unknown;
    if (!std::filesystem::exists(embedded_file, unknown)) return false;
    const auto tables = db::glance_at_sqlite(embedded_file).tables;
    return std::find(tables.begin(), tables.end(), "audit_log") != tables.end();
}

/// The change is made already, and files know no transaction.
void write_down(const Config& config, const std::string& data_dir, const Services& services,
                const std::string& action, const ModelFile& model) {
    try {
        const std::string url = database_url_of(config, data_dir);
        const std::string file = embedded_file_of(url);
        if (!file.empty() && !has_audit(file)) return;
        db::OpenOptions options = open_options_of(config);
        options.if_missing = db::IfMissing::refuse;
        const auto database = db::open_database(url, options);
        db::run_retrying(*database, [&](db::Connection& connection) {
            db::Transaction transaction(connection, db::Access::write);
            store::AuditRepository audit(connection);
            if (!audit.is_there()) return;
            static_cast<void>(audit.append({services.actor, action, "model:" + model.id, {}}));
            transaction.commit();
        });
    } catch (const Error& error) {
        if (services.log == nullptr) return;
        const LogField fields[] = {
            {"code", std::string(to_string(error.code()))}, {"action", action}, {"model", model.id}};
        services.log->write(LogLevel::warning, "model_not_in_audit", fields);
    }
}

}  // namespace

std::vector<ModelCheck> check_models(const Config& config, const std::string& data_dir) {
    const std::vector<std::string> folders = model_folders(config, data_dir);
    const ModelManifest in_use = models_in_use(config, data_dir);
    std::vector<ModelFile> files = config::parse_manifest(config::embedded_manifest_yaml()).files;
    for (auto& added : face::added_detectors(folders)) files.push_back(std::move(added));
    std::vector<ModelCheck> checks;
    for (const auto& file : files) {
        checks.push_back(face::check_model(file, folders));
        checks.back().in_use = std::any_of(in_use.files.begin(), in_use.files.end(),
                                           [&](const ModelFile& used) { return used.id == file.id; });
    }
    return checks;
}

ModelCheck add_model(const Config& config, const std::string& data_dir, const std::string& file,
                     const Services& services) {
    const auto [added, is_new] = face::add_model_file(
        config::parse_manifest(config::embedded_manifest_yaml()), model_folders(config, data_dir), file);
    if (is_new) write_down(config, data_dir, services, "model.added", added);
    for (auto& check : check_models(config, data_dir)) {
        if (check.model.id == added.id) return std::move(check);
    }
    throw Error(ErrorCode::model_missing,
                "the model " + base::quoted(added.id) + " went away again as it was added", added.id);
}

ModelFile remove_model(const Config& config, const std::string& data_dir, const std::string& id,
                       const Services& services) {
    ModelFile removed = face::remove_model_file(model_folders(config, data_dir), id);
    write_down(config, data_dir, services, "model.removed", removed);
    return removed;
}

}  // namespace findme
