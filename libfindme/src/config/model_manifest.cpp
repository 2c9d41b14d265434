#include "config/model_manifest.hpp"

#include <yaml-cpp/yaml.h>

#include <string>

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
        manifest.templates = root["templates"].as<std::string>();
        for (const auto& entry : root["detectors"]) {
            const auto number = [&](const char* key) { return entry[key].as<double>(); };
            manifest.detectors.push_back(
                {entry["kind"].as<std::string>(),
                 number("box_side"),
                 number("box_centre_down"),
                 {{}, number("threshold_distance"), number("same_distance"), number("stranger_distance")}});
        }
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
