#include "config/model_manifest.hpp"

#include <yaml-cpp/yaml.h>

#include <string>
#include <utility>

#include "findme/error.hpp"

namespace findme::config {

ModelManifest parse_manifest(std::string_view yaml) {
    try {
        const YAML::Node root = YAML::Load(std::string(yaml));
        ModelManifest manifest;
        for (const auto& entry : root["files"]) {
            const auto text = [&](const char* key) { return entry[key].as<std::string>(); };
            manifest.files.push_back({text("id"), text("job"), text("file"), text("sha256"), text("licence"),
                                      text("package"), text("path"), entry["kind"].as<std::string>("")});
        }
        for (const auto& entry : root["recognisers"]) {
            const auto number = [&](const char* key) { return entry[key].as<double>(); };
            RecogniserKind recogniser;
            recogniser.id = entry["id"].as<std::string>();
            for (const auto& network : entry["networks"])
                recogniser.networks.push_back({network["file"].as<std::string>(),
                                               network["weight"].as<double>(), network["mirror"].as<bool>()});
            recogniser.calibration = {{},
                                      entry["template_size"].as<std::size_t>(),
                                      number("threshold_distance"),
                                      number("same_distance"),
                                      number("stranger_distance")};
            manifest.recognisers.push_back(std::move(recogniser));
        }
        for (const auto& entry : root["detectors"]) {
            manifest.detectors.push_back({entry["kind"].as<std::string>(), entry["box_side"].as<double>(),
                                          entry["box_centre_down"].as<double>()});
        }
        if (manifest.files.empty() || manifest.recognisers.empty() || manifest.detectors.empty())
            throw Error(ErrorCode::config_invalid,
                        "the model manifest names no files, no recogniser or no kind of detector");
        for (const ModelFile& file : manifest.files) {
            if (file.job == "detector") manifest.calibration = calibration_of(manifest, file);
        }
        return manifest;
    } catch (const YAML::Exception& error) {
        throw Error(ErrorCode::config_invalid,
                    "the model manifest is not valid: " + std::string(error.what()));
    }
}

}  // namespace findme::config
