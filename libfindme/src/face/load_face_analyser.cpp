#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "face/detector_kind.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
#include "face/prepared_models.hpp"
#include "face/recognition_kind.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

/// Where the prepared models of these model files may lie, and what they must have been made from.
struct Place {
    std::vector<std::string> paths;  ///< The first that takes a file keeps it.
    std::string key;
};

/// What changes when a model file is another one; @return nothing when it is not there.
std::optional<std::string> version_of(const ModelFile& model, const std::string& path) {
    const auto stat = base::stat_regular_file(path);
    if (!stat) return std::nullopt;
    return path + " " + model.sha256 + " " + std::to_string(stat->size_bytes) + " " +
           std::to_string(stat->mtime_ns) + "\n";
}

std::optional<Place> place_of(const ModelManifest& manifest, const std::vector<std::string>& folders,
                              const std::string& cache_dir, Precision precision) {
    Place place;
    const std::string machine = packing_name(precision);
    const RecogniserKind& recogniser = manifest.recognisers.front();
    place.key = "findme prepared models 3\n" + machine + "\n" + recogniser.id + "\n";
    for (const RecognitionNetwork& network : recogniser.networks)
        place.key += network.file + (network.with_mirror ? " and mirrored\n" : "\n");
    for (const ModelFile& model : manifest.files) {
        if (model.job != kLandmarks && model.job != kRecognition) continue;
        const std::string path = model_path(model, folders);
        const auto version = version_of(model, path);
        if (!version) return std::nullopt;
        place.key += *version;
        if (model.job != kRecognition || !place.paths.empty()) continue;
        const std::string name = "/prepared-" + machine + ".bin";
        place.paths.push_back(path.substr(0, path.size() - model.file.size() - 1) + name);
        if (!cache_dir.empty()) place.paths.push_back(cache_dir + name);
    }
    return place;
}

const ModelFile& file_of(const ModelManifest& manifest, const RecognitionNetwork& network) {
    const auto file = std::find_if(manifest.files.begin(), manifest.files.end(),
                                   [&](const ModelFile& model) { return model.id == network.file; });
    if (file == manifest.files.end())
        throw Error(ErrorCode::internal, "the manifest has no recognition network " + network.file);
    return *file;
}

/// The networks of the manifest's first recogniser, with packed weights.
std::vector<Graph> read_networks(const ModelManifest& manifest, const std::vector<std::string>& folders,
                                 Precision precision) {
    std::vector<Graph> networks;
    for (const RecognitionNetwork& network : manifest.recognisers.front().networks) {
        const ModelFile& file = file_of(manifest, network);
        const ChipInput input = chip_input_of(file.kind, network.with_mirror);
        networks.push_back(pack(read_recognition(file.kind, load_model(file, folders)), pictures_of(input),
                                input.shape.side_px, input.shape.side_px, precision));
    }
    return networks;
}

std::unique_ptr<Recogniser> make_recogniser(const ModelManifest& manifest, std::vector<Graph> networks,
                                            Precision precision) {
    std::vector<RecogniserPart> parts;
    for (std::size_t i = 0; i < networks.size(); ++i) {
        const RecognitionNetwork& network = manifest.recognisers.front().networks[i];
        const ChipInput input = chip_input_of(file_of(manifest, network).kind, network.with_mirror);
        parts.push_back({std::make_unique<ChipNetwork>(std::move(networks[i]), input, precision),
                         static_cast<float>(network.weight)});
    }
    auto recogniser = face::make_recogniser(std::move(parts));
    if (recogniser->template_size() != manifest.calibration.template_size)
        throw Error(ErrorCode::internal, "the templates have another size than the manifest says");
    return recogniser;
}

PreparedModels prepare(const ModelManifest& manifest, const std::vector<std::string>& folders,
                       Precision precision) {
    return {read_landmark_model(load_model(manifest, kLandmarks, folders)),
            read_networks(manifest, folders, precision)};
}

/// For the next time. A folder that takes no file (an installation's, a full disk) costs that time alone.
void keep(const Place& place, const PreparedModels& models) {
    for (const std::string& path : place.paths) {
        std::error_code ignored;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
        try {
            return write_prepared(path, place.key, models);
        } catch (const Error&) {
            continue;
        }
    }
}

/// Mapped when an earlier run prepared them, which takes milliseconds; from the model files, checked,
/// otherwise.
PreparedModels load_prepared(const ModelManifest& manifest, const std::vector<std::string>& folders,
                             const std::string& cache_dir, Precision precision) {
    const auto place = place_of(manifest, folders, cache_dir, precision);
    if (!place) return prepare(manifest, folders, precision);  // Says which file is missing.
    for (const std::string& path : place->paths) {
        auto models = map_prepared(path, place->key);
        if (models && models->recognition.size() == manifest.recognisers.front().networks.size())
            return std::move(*models);
    }
    PreparedModels models = prepare(manifest, folders, precision);
    keep(*place, models);
    return models;
}

/// What is known of the manifest's detector.
const DetectorKind& kind_in(const ModelManifest& manifest) {
    for (const ModelFile& file : manifest.files) {
        if (file.job != kDetector) continue;
        for (const DetectorKind& kind : manifest.detectors) {
            if (kind.kind == file.kind) return kind;
        }
    }
    throw Error(ErrorCode::internal, "the manifest does not know its own detector");
}

}  // namespace

BoxCalibration box_calibration(const DetectorKind& kind) {
    return {static_cast<float>(kind.box_side), static_cast<float>(kind.box_centre_down)};
}

std::unique_ptr<Recogniser> load_recogniser(const ModelManifest& manifest,
                                            const std::vector<std::string>& folders, Precision precision) {
    return make_recogniser(manifest, read_networks(manifest, folders, precision), precision);
}

std::unique_ptr<FaceAnalyser> load_face_analyser(const ModelManifest& manifest,
                                                 const std::vector<std::string>& folders, Precision precision,
                                                 const std::string& cache_dir) {
    const DetectorKind& kind = kind_in(manifest);
    auto detector = make_detector(kind.kind, load_model(manifest, kDetector, folders), precision);
    PreparedModels models = load_prepared(manifest, folders, cache_dir, precision);
    auto recogniser = make_recogniser(manifest, std::move(models.recognition), precision);
    auto aligner = std::make_unique<Aligner>(std::move(models.landmarks), box_calibration(kind));
    return std::make_unique<FaceAnalyser>(std::move(detector), std::move(aligner), std::move(recogniser));
}

}  // namespace findme::face
