#include "face/detector_files.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "face/detector_kind.hpp"
#include "face/model_files.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

constexpr std::string_view kSuffix = ".onnx";
constexpr std::array<std::string_view, 2> kKinds{"rfb", "yunet"};
constexpr std::size_t kHashDigits = 64;
/// Of the hash, in an id: enough that no two files share one.
constexpr std::size_t kIdDigits = 12;
constexpr std::size_t kFewestDigits = 8;
constexpr std::size_t kMaxBytes = std::size_t{1} << 28U;

ModelFile added_detector(std::string_view kind, const std::string& sha256) {
    ModelFile file;
    file.kind = kind;
    file.sha256 = sha256;
    file.id = file.kind + "-" + sha256.substr(0, kIdDigits);
    file.job = kDetector;
    file.file = file.kind + "-" + sha256 + std::string(kSuffix);
    return file;
}

/// @return nothing unless findme could have given this name.
std::optional<ModelFile> read_name(const std::string& name) {
    for (const std::string_view kind : kKinds) {
        const std::size_t digits = kind.size() + 1;
        if (name.size() != digits + kHashDigits + kSuffix.size() || !name.starts_with(kind)) continue;
        const std::string sha256 = name.substr(digits, kHashDigits);
        const auto hash = content_hash_from_hex(sha256);
        ModelFile file = added_detector(kind, sha256);
        if (hash && to_hex(*hash) == sha256 && file.file == name) return file;
    }
    return std::nullopt;
}

bool is_meant(const ModelFile& file, const std::string& wanted) {
    return file.id == wanted || (wanted.size() >= kFewestDigits && file.sha256.starts_with(wanted));
}

std::string list_of(const std::vector<ModelFile>& files) {
    std::string ids;
    for (const ModelFile& file : files) ids += (ids.empty() ? "" : ", ") + file.id;
    return ids;
}

}  // namespace

std::vector<ModelFile> added_detectors(const std::vector<std::string>& folders) {
    std::vector<ModelFile> found;
    for (const std::string& folder : folders) {
        std::vector<ModelFile> here;
        std::error_code error;
        // A folder that is not there, or that nobody may look into, has no models at all.
        for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error)) {
            auto file = read_name(entry->path().filename().string());
            if (file) here.push_back(std::move(*file));
        }
        std::sort(here.begin(), here.end(),
                  [](const ModelFile& a, const ModelFile& b) { return a.file < b.file; });
        for (ModelFile& file : here) {
            const bool is_known = std::any_of(found.begin(), found.end(), [&](const ModelFile& earlier) {
                return earlier.file == file.file;
            });
            if (!is_known) found.push_back(std::move(file));
        }
    }
    return found;
}

ModelManifest with_detector(ModelManifest manifest, const std::vector<std::string>& folders,
                            const std::string& wanted) {
    const auto own = std::find_if(manifest.files.begin(), manifest.files.end(),
                                  [](const ModelFile& file) { return file.job == kDetector; });
    if (own == manifest.files.end()) throw Error(ErrorCode::internal, "the manifest has no detector");
    const std::vector<ModelFile> added = added_detectors(folders);
    std::vector<ModelFile> meant;
    if (wanted == "auto") {
        meant = added;
        if (added.empty()) meant = {*own};
    } else {
        std::vector<ModelFile> all = added;
        all.insert(all.begin(), *own);
        std::copy_if(all.begin(), all.end(), std::back_inserter(meant),
                     [&](const ModelFile& file) { return is_meant(file, wanted); });
        if (meant.empty()) {
            throw Error(ErrorCode::model_missing,
                        "the setting models.detector names " + base::quoted(wanted) +
                            ", and there is no such detector; there are: " + list_of(all),
                        "models.detector");
        }
    }
    if (meant.size() > 1) {
        throw Error(ErrorCode::config_invalid,
                    "several detectors could be meant (" + list_of(meant) +
                        "): set models.detector to one of them, or remove the others with `findme model "
                        "remove`",
                    "models.detector");
    }
    manifest.calibration = calibration_of(manifest, meant.front());
    *own = meant.front();
    return manifest;
}

AddedModel add_model_file(const ModelManifest& manifest, const std::vector<std::string>& folders,
                          const std::string& file) {
    const auto bytes = base::read_file(file, kMaxBytes);
    if (!bytes && bytes.error().code == ErrorCode::image_too_large) {
        throw Error(ErrorCode::invalid_argument,
                    "the file " + base::quoted(file) +
                        " is no detector that findme can use: it is larger than " +
                        std::to_string(kMaxBytes >> 20U) + " MiB, and no detector is",
                    file);
    }
    if (!bytes) throw Error(bytes.error());
    const std::string sha256 = to_hex(base::sha256(*bytes));
    const auto own = std::find_if(manifest.files.begin(), manifest.files.end(),
                                  [&](const ModelFile& known) { return known.sha256 == sha256; });
    ModelFile model;
    if (own != manifest.files.end()) {
        model = *own;
    } else {
        try {
            model = added_detector(recognise_detector(*bytes), sha256);
        } catch (const Error& error) {
            throw Error(ErrorCode::invalid_argument,
                        "the file " + base::quoted(file) +
                            " is no detector that findme can use: " + error.info().message,
                        file);
        }
        for (const ModelFile& earlier : added_detectors(folders)) {
            if (earlier.sha256 == sha256) continue;
            throw Error(ErrorCode::already_exists,
                        "the detector " + earlier.id +
                            " was added before: take it out with `findme model remove " + earlier.id +
                            "` first",
                        earlier.id);
        }
    }
    if (check_model(model, folders).state == ModelState::good) return {model, false};
    const std::string& folder = folders.front();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw Error(ErrorCode::file_unwritable,
                    "cannot make the models folder " + base::quoted(folder) + ": " + error.message(), folder);
    }
    base::write_file_atomically(folder + "/" + model.file, *bytes, base::Readable::by_all);
    return {model, true};
}

ModelFile remove_model_file(const std::vector<std::string>& folders, const std::string& id) {
    const std::vector<ModelFile> added = added_detectors(folders);
    const auto model =
        std::find_if(added.begin(), added.end(), [&](const ModelFile& file) { return is_meant(file, id); });
    if (model == added.end()) {
        throw Error(ErrorCode::not_found,
                    "no detector " + base::quoted(id) + " was added" +
                        (added.empty() ? std::string() : "; there is " + list_of(added)),
                    id);
    }
    for (const std::string& folder : folders) {
        std::error_code error;
        std::filesystem::remove(folder + "/" + model->file, error);
        if (error) {
            throw Error(ErrorCode::file_unwritable,
                        "cannot remove " + base::quoted(folder + "/" + model->file) + ": " + error.message(),
                        folder + "/" + model->file);
        }
    }
    return *model;
}

}  // namespace findme::face
