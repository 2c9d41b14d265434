#include "face/model_files.hpp"

#include <algorithm>
#include <filesystem>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "findme/error.hpp"

namespace findme {

std::string_view to_string(ModelState state) noexcept {
    switch (state) {
        case ModelState::good:
            return "good";
        case ModelState::missing:
            return "missing";
        case ModelState::altered:
            return "altered";
    }
    return "missing";
}

double score_of(double distance, const Calibration& c) noexcept {
    const auto between = [](double value, double from, double to, double score_from, double score_to) {
        return score_from + (value - from) / (to - from) * (score_to - score_from);
    };
    if (distance <= c.same_distance) return 100;
    if (distance >= c.stranger_distance) return 0;
    if (distance <= c.threshold_distance) {
        return between(distance, c.same_distance, c.threshold_distance, 100, kThresholdScore);
    }
    return between(distance, c.threshold_distance, c.stranger_distance, kThresholdScore, 0);
}

double distance_of(double score, const Calibration& c) noexcept {
    if (score >= kThresholdScore) {
        return c.threshold_distance -
               (score - kThresholdScore) / (100 - kThresholdScore) * (c.threshold_distance - c.same_distance);
    }
    return c.stranger_distance - score / kThresholdScore * (c.stranger_distance - c.threshold_distance);
}

Calibration calibration_of(const ModelManifest& manifest, const ModelFile& detector) {
    const auto kind = std::find_if(manifest.detectors.begin(), manifest.detectors.end(),
                                   [&](const DetectorKind& known) { return known.kind == detector.kind; });
    if (kind == manifest.detectors.end()) {
        throw Error(
            ErrorCode::config_invalid,
            "the model manifest has no calibration for detectors of the kind " + base::quoted(detector.kind));
    }
    if (manifest.recognisers.empty())
        throw Error(ErrorCode::config_invalid, "the model manifest names nothing that makes templates");
    const RecogniserKind& recogniser = manifest.recognisers.front();
    Calibration calibration = recogniser.calibration;
    calibration.model = recogniser.id + "+" + detector.id;
    return calibration;
}

}  // namespace findme

namespace findme::face {
namespace {

constexpr std::size_t kMaxModelBytes = std::size_t{1} << 30U;

struct FoundModel {
    ModelCheck check;
    std::vector<std::uint8_t> bytes;
};

std::string remedy_for(const ModelFile& model, const std::string& folder) {
    const bool was_added = !model.kind.empty() && model.package.empty();
    if (was_added) return "add the file it was made from again with `findme model add FILE`";
    return "run fetch_models.sh --to " + base::quoted(folder) +
           " (libfindme/models, or share/findme once installed)";
}

FoundModel find_model(const ModelFile& model, const std::vector<std::string>& folders) {
    FoundModel found;
    found.check.model = model;
    found.check.path = model_path(model, folders);
    if (found.check.path.empty()) {
        if (!folders.empty()) found.check.path = folders.back() + "/" + model.file;
        found.check.remedy = remedy_for(model, folders.empty() ? "." : folders.front());
        return found;
    }
    auto bytes = base::read_file(found.check.path, kMaxModelBytes);
    // No model has as many bytes: it is not read to its end to be told so.
    const bool is_too_large = !bytes && bytes.error().code == ErrorCode::image_too_large;
    if (!bytes && !is_too_large) throw Error(bytes.error());
    const bool good = !is_too_large && to_hex(base::sha256(*bytes)) == model.sha256;
    found.check.state = good ? ModelState::good : ModelState::altered;
    if (!good)
        found.check.remedy =
            remedy_for(model, std::filesystem::path(found.check.path).parent_path().string());
    if (good) found.bytes = std::move(*bytes);
    return found;
}

}  // namespace

std::string model_path(const ModelFile& model, const std::vector<std::string>& folders) {
    for (const auto& folder : folders) {
        std::string path = folder + "/" + model.file;
        if (base::stat_regular_file(path)) return path;
    }
    return {};
}

ModelCheck check_model(const ModelFile& model, const std::vector<std::string>& folders) {
    return find_model(model, folders).check;
}

ModelManifest with_recogniser(ModelManifest manifest, const std::string& wanted) {
    auto& all = manifest.recognisers;
    const auto meant = wanted == "auto"
                           ? all.begin()
                           : std::find_if(all.begin(), all.end(),
                                          [&](const RecogniserKind& kind) { return kind.id == wanted; });
    if (meant == all.end()) {
        std::string there;
        for (const RecogniserKind& kind : all) there += (there.empty() ? "" : ", ") + kind.id;
        throw Error(ErrorCode::config_invalid,
                    "the setting models.recogniser names " + base::quoted(wanted) +
                        ", and there is no such recogniser; there are: auto, " + there,
                    "models.recogniser");
    }
    all = {*meant};
    const auto& networks = all.front().networks;
    std::erase_if(manifest.files, [&](const ModelFile& file) {
        return file.job == kRecognition &&
               std::none_of(networks.begin(), networks.end(),
                            [&](const auto& network) { return network.file == file.id; });
    });
    manifest.calibration = calibration_of(manifest, model_file(manifest, kDetector));
    return manifest;
}

const ModelFile& model_file(const ModelManifest& manifest, std::string_view job) {
    const auto model = std::find_if(manifest.files.begin(), manifest.files.end(),
                                    [&](const ModelFile& file) { return file.job == job; });
    if (model == manifest.files.end())
        throw Error(ErrorCode::internal, "the manifest has no model for " + std::string(job));
    return *model;
}

std::vector<std::uint8_t> load_model(const ModelManifest& manifest, std::string_view job,
                                     const std::vector<std::string>& folders) {
    return load_model(model_file(manifest, job), folders);
}

std::vector<std::uint8_t> load_model(const ModelFile& model, const std::vector<std::string>& folders) {
    FoundModel found = find_model(model, folders);
    switch (found.check.state) {
        case ModelState::good:
            return std::move(found.bytes);
        case ModelState::missing:
            throw Error(
                ErrorCode::model_missing,
                "the model file " + base::quoted(found.check.path) + " is missing: " + found.check.remedy,
                found.check.path);
        case ModelState::altered:
            throw Error(ErrorCode::model_corrupt,
                        "the model file " + base::quoted(found.check.path) +
                            " is not the one this release was measured with: " + found.check.remedy,
                        found.check.path);
    }
    throw Error(ErrorCode::internal, "unknown model state");
}

}  // namespace findme::face
