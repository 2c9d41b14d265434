#include "findme/version.hpp"

#include "config/model_manifest.hpp"
#include "face/precision.hpp"
#include "findme/error.hpp"

namespace findme {

std::string_view version() noexcept {
    return FINDME_VERSION;
}

namespace {

/// Also where they cannot be used: this is what a report of that begins with.
std::string networks() {
    try {
        return std::string(face::to_string(face::best_precision())) + " on " +
               std::string(face::instruction_set());
    } catch (const Error& error) {
        return error.what();
    }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> build_info() {
    const auto manifest = config::parse_manifest(config::embedded_manifest_yaml());
    return {{"findme", FINDME_VERSION},
            {"compiler", __VERSION__},
            {"recognition model", manifest.calibration.model},
            {"networks", networks()},
            {"installed models", FINDME_MODELS_DIR}};
}

}  // namespace findme
