// Detectors that a user adds: what they are called, which one is worked with, what is refused.
#include "face/detector_files.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "config/model_manifest.hpp"
#include "face/model_files.hpp"
#include "findme/error.hpp"
#include "findme/findme.hpp"
#include "support/make_onnx.hpp"
#include "support/test_database.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;
namespace fs = std::filesystem;

namespace {

const ModelManifest& manifest() {
    static const ModelManifest kept = config::parse_manifest(config::embedded_manifest_yaml());
    return kept;
}

std::string write(const std::string& path, const std::vector<std::uint8_t>& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path;
}

/// A detector file; every number makes another one of the same structure.
std::vector<std::uint8_t> yunet(std::uint8_t number = 0) {
    auto bytes = make_onnx_yunet();
    // A field that says who made the file and means nothing.
    const auto producer = ProtobufMessage().bytes(2, std::string(1, static_cast<char>('a' + number))).take();
    bytes.insert(bytes.end(), producer.begin(), producer.end());
    return bytes;
}

std::string sha256_of(const std::vector<std::uint8_t>& bytes) {
    return to_hex(base::sha256(bytes));
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

bool says(const ErrorInfo& error, const std::string& part) {
    return error.message.find(part) != std::string::npos;
}

std::string detector_in(const ModelManifest& models) {
    for (const auto& file : models.files) {
        if (file.job == "detector") return file.id;
    }
    return {};
}

}  // namespace

TEST_CASE("added detector: it is known by its hash, readable by all, and worked with from then on",
          "[face]") {
    const TemporaryFolder folder;
    const std::vector<std::string> folders{folder / "models/deep", folder / "installed"};
    const std::string sha256 = sha256_of(yunet());
    CHECK(detector_in(with_detector(manifest(), folders, "auto")) == "rfb-320");

    const ModelFile added = add_model_file(manifest(), folders, write(folder / "any name", yunet())).model;
    CHECK(added.id == "yunet-" + sha256.substr(0, 12));
    CHECK(added.kind == "yunet");
    CHECK(added.sha256 == sha256);
    const std::string path = folder / ("models/deep/yunet-" + sha256 + ".onnx");
    CHECK(base::read_file(path, 1U << 28U).value() == yunet());
    CHECK((fs::status(path).permissions() & fs::perms::all) == fs::perms(0644));
    CHECK(std::distance(fs::directory_iterator(folder / "models/deep"), fs::directory_iterator()) == 1);
    CHECK(check_model(added, folders).state == ModelState::good);

    const ModelManifest models = with_detector(manifest(), folders, "auto");
    CHECK(detector_in(models) == added.id);
    CHECK(models.files.size() == manifest().files.size());
    CHECK(models.calibration.model == manifest().recognisers.front().id + "+" + added.id);
    CHECK(models.calibration.model != manifest().calibration.model);
}

TEST_CASE("added detector: adding it again changes nothing, adding another one is refused", "[face]") {
    const TemporaryFolder folder;
    const std::vector<std::string> folders{folder / "models"};
    const ModelFile first = add_model_file(manifest(), folders, write(folder / "first", yunet(0))).model;
    const AddedModel again = add_model_file(manifest(), folders, folder / "first");
    CHECK(again.model.id == first.id);
    CHECK_FALSE(again.is_new);
    const auto error =
        error_of([&] { add_model_file(manifest(), folders, write(folder / "second", yunet(1))); });
    CHECK(error.code == ErrorCode::already_exists);
    CHECK(says(error, "findme model remove " + first.id));
    CHECK(added_detectors(folders).size() == 1);
}

TEST_CASE("added detector: what is none is refused in a sentence, and nothing is left behind", "[face]") {
    const TemporaryFolder folder;
    const std::vector<std::string> folders{folder / "models"};
    const auto whole = yunet();
    const std::vector<std::vector<std::uint8_t>> wrong{
        {},
        {'P', 'K', 3, 4},
        make_onnx_head(),
        make_onnx_yunet(8),
        std::vector<std::uint8_t>(whole.begin(), whole.begin() + 500)};
    for (const auto& bytes : wrong) {
        const auto error =
            error_of([&] { add_model_file(manifest(), folders, write(folder / "wrong.onnx", bytes)); });
        CHECK(error.code == ErrorCode::invalid_argument);
        CHECK(says(error, "wrong.onnx"));
        CHECK(says(error, "no detector that findme can use: "));
    }
    CHECK(error_of([&] { add_model_file(manifest(), folders, folder / "none"); }).code ==
          ErrorCode::file_unreadable);
    // A setting of photos is no way out.
    fs::resize_file(write(folder / "huge.onnx", whole), (std::uintmax_t{256} << 20U) + 1);
    const auto error = error_of([&] { add_model_file(manifest(), folders, folder / "huge.onnx"); });
    CHECK(error.code == ErrorCode::invalid_argument);
    CHECK(says(error, "no detector that findme can use: it is larger than 256 MiB"));
    CHECK_FALSE(says(error, "image."));
    CHECK_FALSE(fs::exists(folder / "models"));
}

TEST_CASE("added detector: a damaged file is told, and mended by adding it again", "[face]") {
    const TemporaryFolder folder;
    const std::vector<std::string> folders{folder / "models"};
    const ModelFile added = add_model_file(manifest(), folders, write(folder / "file", yunet())).model;
    write(folder / ("models/" + added.file), yunet(3));
    CHECK(check_model(added, folders).state == ModelState::altered);
    CHECK(says(error_of([&] {
                   static_cast<void>(
                       load_model(with_detector(manifest(), folders, "auto"), "detector", folders));
               }),
               "findme model add"));
    add_model_file(manifest(), folders, folder / "file");
    CHECK(check_model(added, folders).state == ModelState::good);
}

TEST_CASE("added detector: names that findme did not give are nobody's", "[face]") {
    const TemporaryFolder folder;
    const std::string digits = sha256_of(yunet());
    std::string upper = digits;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    for (const char* name : {"yunet.onnx", "yunet-.onnx", "yunet-123.onnx"}) {
        write(folder / std::string(name), yunet());
    }
    write(folder / ("yunet-" + digits + ".onnx.Xq3f9a"), yunet());
    write(folder / ("yunet-" + upper + ".onnx"), yunet());
    write(folder / ("other-" + digits + ".onnx"), yunet());
    write(folder / ("yunet-" + digits.substr(0, 63) + "g.onnx"), yunet());
    CHECK(added_detectors({folder.path()}).empty());
    CHECK(added_detectors({folder / "none"}).empty());
}

TEST_CASE("added detector: the configuration chooses by id or hash, and never gets another one", "[face]") {
    const TemporaryFolder folder;
    const std::vector<std::string> folders{folder.path()};
    const std::string sha256 = sha256_of(yunet());
    add_model_file(manifest(), folders, write(folder / "file", yunet()));
    const std::string id = "yunet-" + sha256.substr(0, 12);
    CHECK(detector_in(with_detector(manifest(), folders, "rfb-320")) == "rfb-320");
    CHECK(with_detector(manifest(), folders, "rfb-320").calibration.model == manifest().calibration.model);
    CHECK(detector_in(with_detector(manifest(), folders, id)) == id);
    CHECK(detector_in(with_detector(manifest(), folders, sha256.substr(0, 8))) == id);
    CHECK(detector_in(with_detector(manifest(), folders, sha256)) == id);
    for (const std::string& unknown : {std::string("yunet"), sha256.substr(0, 7), std::string()}) {
        const auto error = error_of([&] { static_cast<void>(with_detector(manifest(), folders, unknown)); });
        CHECK(error.code == ErrorCode::model_missing);
        CHECK(says(error, "there are: rfb-320, " + id));
    }

    // By hand, where `model add` would have refused.
    write(folder / ("yunet-" + sha256_of(yunet(1)) + ".onnx"), yunet(1));
    const auto error = error_of([&] { static_cast<void>(with_detector(manifest(), folders, "auto")); });
    CHECK(error.code == ErrorCode::config_invalid);
    CHECK(says(error, id));
    CHECK(detector_in(with_detector(manifest(), folders, id)) == id);
}

TEST_CASE("added detector: removed, the release's own is back", "[face]") {
    const TemporaryFolder folder;
    const std::vector<std::string> folders{folder.path()};
    CHECK(error_of([&] { remove_model_file(folders, "rfb-320"); }).code == ErrorCode::not_found);
    const ModelFile added = add_model_file(manifest(), folders, write(folder / "file", yunet())).model;
    CHECK(says(error_of([&] { remove_model_file(folders, "other"); }), added.id));
    CHECK(remove_model_file(folders, added.sha256.substr(0, 10)).id == added.id);
    CHECK(detector_in(with_detector(manifest(), folders, "auto")) == "rfb-320");
    CHECK(added_detectors(folders).empty());
}

TEST_CASE("added detector: the library lists it beside the release's models and says which is in use",
          "[face]") {
    const TemporaryFolder folder;
    Config config;
    config.models_dir = folder / "models";
    const ModelCheck added = add_model(config, folder.path(), write(folder / "file", yunet()));
    CHECK(added.in_use);
    CHECK(added.state == ModelState::good);
    const auto used = [&] {
        std::vector<std::string> ids;
        for (const auto& check : check_models(config, folder.path())) {
            if (check.in_use) ids.push_back(check.model.id);
        }
        return ids;
    };
    CHECK(check_models(config, folder.path()).size() == manifest().files.size() + 1);
    CHECK(used() == std::vector<std::string>{"dlib-5-landmarks", "dlib-resnet-v1", added.model.id});
    config.models_detector = "rfb-320";
    CHECK(used() == std::vector<std::string>{"rfb-320", "dlib-5-landmarks", "dlib-resnet-v1"});
    CHECK(remove_model(config, folder.path(), added.model.id).id == added.model.id);
    CHECK(check_models(config, folder.path()).size() == manifest().files.size());
}
