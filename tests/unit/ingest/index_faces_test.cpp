// Whole runs with the real models over real photos.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "config/model_manifest.hpp"
#include "support/resources.hpp"
#include "unit/ingest/index_run.hpp"

using namespace findme;
using namespace findme::testing;

namespace {

std::shared_ptr<const face::FaceAnalyser> load_analyser(const std::string& models) {
    return face::load_face_analyser(config::parse_manifest(config::embedded_manifest_yaml()), {models},
                                    face::Precision::f32);
}

}  // namespace

TEST_CASE("index: the party photos give the same faces and templates with one job and with two",
          "[ingest][model]") {
    const auto models = model_folder();
    const auto samples = sample_folder();
    if (!models || !samples) return;
    const auto analyser = load_analyser(*models);
    IndexRun one(analyser);
    IndexRun two(analyser);
    const auto files = sample_files(*samples);
    const auto summary = one.index(files, 1);
    two.index(files, 2);
    CHECK(summary.indexed == 6);
    CHECK(summary.faces >= 22);
    CHECK(one.count("faces") == summary.faces);
    CHECK(one.count("face_templates") == summary.faces);
    const auto rows = one.dump();
    for (const auto& [table, lines] : two.dump()) {
        INFO(table);
        CHECK(lines == rows.at(table));
    }
}

TEST_CASE("index: a copy of a photo adds no face, a second run adds nothing", "[ingest][model]") {
    const auto models = model_folder();
    const auto samples = sample_folder();
    if (!models || !samples) return;
    const TemporaryFolder folder;
    std::filesystem::copy(*samples + "/sample1.jpg", folder / "a.jpg");
    IndexRun run(load_analyser(*models));
    CHECK(run.index({folder.path()}).faces == 3);
    std::filesystem::copy(folder / "a.jpg", folder / "b.jpg");
    CHECK(run.index({folder.path()}).duplicate == 1);
    CHECK(run.count("faces") == 3);
    CHECK(run.index({folder.path()}).unchanged == 2);
    CHECK(run.count("faces") == 3);
}
