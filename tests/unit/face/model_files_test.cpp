#include "face/model_files.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "base/hash.hpp"
#include "face/face_analyser.hpp"
#include "findme/error.hpp"
#include "findme/findme.hpp"
#include "support/resources.hpp"
#include "support/test_database.hpp"

using namespace findme;
using namespace findme::face;
using findme::testing::model_folder;
using findme::testing::TemporaryFolder;

namespace {

ModelManifest manifest_of(const std::string& content) {
    ModelFile file;
    file.id = "small";
    file.job = "detector";
    file.file = "small.onnx";
    file.sha256 = to_hex(base::sha256(std::vector<std::uint8_t>(content.begin(), content.end())));
    ModelManifest manifest;
    manifest.files = {file};
    return manifest;
}

void write_text(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

ErrorInfo error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("no error was thrown");
    return {};
}

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("models: a file that is there and right is loaded", "[face]") {
    const TemporaryFolder folder;
    write_text(folder / "small.onnx", "weights");
    const auto manifest = manifest_of("weights");
    const auto check = check_model(manifest.files[0], {folder.path()});
    CHECK(check.state == ModelState::good);
    CHECK(check.path == folder / "small.onnx");
    CHECK(check.remedy.empty());
    CHECK(load_model(manifest, "detector", {folder.path()}).size() == 7);
}

TEST_CASE("models: a missing file is named with the command that fetches it", "[face]") {
    const TemporaryFolder folder;
    const auto manifest = manifest_of("weights");
    CHECK(check_model(manifest.files[0], {folder.path()}).state == ModelState::missing);
    const auto error =
        error_of([&] { static_cast<void>(load_model(manifest, "detector", {folder.path()})); });
    CHECK(error.code == ErrorCode::model_missing);
    CHECK(says(error.message, "small.onnx"));
    CHECK(says(error.message, "fetch_models.sh --to \"" + folder.path() + "\""));
}

TEST_CASE("models: an altered file is refused and not looked past", "[face]") {
    const TemporaryFolder folder;
    write_text(folder / "first/small.onnx", "weightz");
    write_text(folder / "second/small.onnx", "weights");
    const auto manifest = manifest_of("weights");
    const std::vector<std::string> folders{folder / "first", folder / "second"};
    const auto check = check_model(manifest.files[0], folders);
    CHECK(check.state == ModelState::altered);
    CHECK(says(check.remedy, folder / "first"));
    const auto error = error_of([&] { static_cast<void>(load_model(manifest, "detector", folders)); });
    CHECK(error.code == ErrorCode::model_corrupt);
    CHECK(error.subject == folder / "first/small.onnx");
}

// It was told of as a photo that is too large, whose limit can be raised.
TEST_CASE("models: a file larger than any model is an altered one", "[face]") {
    const TemporaryFolder folder;
    write_text(folder / "small.onnx", "weights");
    std::filesystem::resize_file(folder / "small.onnx", (std::uintmax_t{1} << 30U) + 1);
    const auto manifest = manifest_of("weights");
    CHECK(check_model(manifest.files[0], {folder.path()}).state == ModelState::altered);
    const auto error =
        error_of([&] { static_cast<void>(load_model(manifest, "detector", {folder.path()})); });
    CHECK(error.code == ErrorCode::model_corrupt);
    CHECK_FALSE(says(error.message, "image."));
}

TEST_CASE("models: folders are looked through in order", "[face]") {
    const TemporaryFolder folder;
    write_text(folder / "second/small.onnx", "weights");
    const auto check = check_model(manifest_of("weights").files[0], {folder / "first", folder / "second"});
    CHECK(check.state == ModelState::good);
    CHECK(check.path == folder / "second/small.onnx");
}

TEST_CASE("models: what findme needs is all checked, without a database", "[face]") {
    const TemporaryFolder folder;
    Config config;
    config.models_dir = folder.path();
    const auto checks = check_models(config, folder.path());
    REQUIRE(checks.size() == 4);
    for (const auto& check : checks) CHECK(check.state == ModelState::missing);
}

TEST_CASE("models: the real ones are good, and an altered byte shows", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const TemporaryFolder folder;
    Config config;
    config.models_dir = *models;
    for (const auto& check : check_models(config, folder.path())) {
        INFO(check.path);
        CHECK(check.state == ModelState::good);
    }
    std::filesystem::copy(*models, folder.path(), std::filesystem::copy_options::recursive);
    const std::string file = folder / "fr_detect.onnx";
    {
        std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
        stream.seekp(1000);
        stream.put('\x7f');
    }
    config.models_dir = folder.path();
    int altered = 0;
    for (const auto& check : check_models(config, folder.path()))
        altered += check.state == ModelState::altered;
    CHECK(altered == 1);
}

TEST_CASE("scores: 100, 70 and 0 lie at the calibrated distances, and never rise with the distance",
          "[face]") {
    const Calibration calibration{"m", 2, 0.55, 0.25, 0.90};
    CHECK(score_of(0.10, calibration) == 100);
    CHECK(score_of(0.25, calibration) == 100);
    CHECK(score_of(0.55, calibration) == Approx(70));
    CHECK(score_of(0.90, calibration) == 0);
    CHECK(score_of(2.00, calibration) == 0);
    double before = 100;
    for (double distance = 0; distance < 1.2; distance += 0.001) {
        const double score = score_of(distance, calibration);
        CHECK(score <= before);
        before = score;
    }
}

TEST_CASE("scores: the distance of a score gives that score", "[face]") {
    const Calibration calibration{"m", 2, 0.55, 0.25, 0.90};
    for (double score = 0; score <= 100; score += 2.5) {
        CHECK(score_of(distance_of(score, calibration), calibration) == Approx(score).margin(1e-9));
    }
}
