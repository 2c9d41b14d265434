#include "support/resources.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>

#include "config/model_manifest.hpp"

namespace findme::testing {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

bool everything_is_required() {
    return variable("CI") == "true" || variable("FINDME_REQUIRE_ALL") == "1";
}

void skip(const std::string& reason) {
    std::cout << "SKIPPED: " << reason << std::endl;
}

std::optional<std::string> required_folder(const char* name, const std::vector<std::string>& files) {
    const std::string folder = variable(name);
    std::string reason;
    if (folder.empty()) reason = std::string(name) + " is not set";
    for (const auto& file : files) {
        if (!reason.empty()) break;
        if (!std::filesystem::exists(folder + "/" + file)) reason = std::string(name) + " has no " + file;
    }
    if (reason.empty()) return folder;
    skip_or_fail(reason + " (tests/run.sh fetches what is missing)");
    return std::nullopt;
}

}  // namespace

void skip_or_fail(const std::string& reason) {
    if (everything_is_required()) FAIL(reason);
    skip(reason);
}

std::optional<std::string> model_folder() {
    std::vector<std::string> files;
    for (const auto& file : config::parse_manifest(config::embedded_manifest_yaml()).files) {
        files.push_back(file.file);
    }
    return required_folder("FINDME_TEST_MODELS", files);
}

std::string service_dump(const std::string& release) {
    std::ifstream file(FINDME_SOURCE_DIR "/tests/support/findme_" + release + ".sql", std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> sample_files(const std::string& folder) {
    std::vector<std::string> files;
    for (int i = 1; i <= 6; ++i) files.push_back(folder + "/sample" + std::to_string(i) + ".jpg");
    return files;
}

std::optional<std::string> sample_folder() {
    std::vector<std::string> files;
    for (int i = 1; i <= 6; ++i) files.push_back("sample" + std::to_string(i) + ".jpg");
    return required_folder("FINDME_TEST_SAMPLES", files);
}

std::optional<std::string> evaluation_folder(const std::string& set) {
    const std::string folder = variable("FINDME_EVAL_DATA");
    if (!folder.empty() && std::filesystem::is_directory(folder + "/" + set)) return folder + "/" + set;
    skip("FINDME_EVAL_DATA does not name a folder that holds " + set);
    return std::nullopt;
}

std::optional<std::string> evaluation_model(const std::string& file) {
    const std::string path = variable("FINDME_EVAL_MODELS") + "/" + file;
    if (!variable("FINDME_EVAL_MODELS").empty() && std::filesystem::exists(path)) return path;
    skip("FINDME_EVAL_MODELS does not name a folder that holds " + file);
    return std::nullopt;
}

const std::array<std::vector<Point>, 6>& sample_faces() {
    static const std::array<std::vector<Point>, 6> faces{{
        {{0.253F, 0.39F}, {0.484F, 0.43F}, {0.824F, 0.251F}},
        {{0.223F, 0.206F}, {0.508F, 0.26F}, {0.801F, 0.206F}},
        {{0.358F, 0.357F}, {0.616F, 0.276F}, {0.83F, 0.319F}},
        {{0.186F, 0.22F}, {0.392F, 0.137F}, {0.559F, 0.21F}, {0.697F, 0.194F}},
        {{0.245F, 0.736F}, {0.365F, 0.405F}, {0.45F, 0.16F}, {0.617F, 0.229F}, {0.776F, 0.384F}},
        {{0.192F, 0.408F}, {0.396F, 0.311F}, {0.662F, 0.291F}, {0.833F, 0.27F}},
    }};
    return faces;
}

bool holds(const Box& box, const Point& point) {
    return point.x >= box.x && point.x <= box.x + box.width && point.y >= box.y &&
           point.y <= box.y + box.height;
}

}  // namespace findme::testing
