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
                                      text("package"), text("path")});
        }
        const YAML::Node calibration = root["calibration"];
        const auto number = [&](const char* key) { return calibration[key].as<double>(); };
        manifest.calibration = {calibration["model"].as<std::string>(), number("threshold_distance"),
                                number("same_distance"), number("stranger_distance")};
        return manifest;
    } catch (const YAML::Exception& error) {
        throw Error(ErrorCode::config_invalid,
                    "the model manifest is not valid: " + std::string(error.what()));
    }
}

}  // namespace findme::config
