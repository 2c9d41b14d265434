// Models that are mapped instead of read: the same answers, and never from a file that is not what it should
// be.
#include "face/prepared_models.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "config/model_manifest.hpp"
#include "face/aligner.hpp"
#include "face/dlib_resnet.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
#include "face/recogniser.hpp"
#include "findme/error.hpp"
#include "support/resources.hpp"
#include "support/test_database.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;
namespace fs = std::filesystem;

namespace {

const ModelManifest& manifest() {
    static const ModelManifest manifest = config::parse_manifest(config::embedded_manifest_yaml());
    return manifest;
}

/// A landmark model and a network of a few numbers.
PreparedModels small_models() {
    struct Arrays {
        std::vector<float> mean_shape{0.25F, 0.5F};
        std::vector<LandmarkModel::Split> nodes{{0, 1, 0.5F}};
        std::vector<float> leaves{1, 2, 3, 4};
        std::vector<std::uint32_t> anchors{0, 0};
        std::vector<float> offsets{0.1F, 0.2F, 0.3F, 0.4F};
    };
    const auto arrays = std::make_shared<Arrays>();
    PreparedModels models;
    LandmarkModel& landmarks = models.landmarks;
    landmarks.points = landmarks.cascades = landmarks.trees = landmarks.splits = 1;
    landmarks.pixels = 2;
    landmarks.mean_shape = arrays->mean_shape;
    landmarks.nodes = arrays->nodes;
    landmarks.leaves = arrays->leaves;
    landmarks.anchors = arrays->anchors;
    landmarks.offsets = arrays->offsets;
    landmarks.storage = arrays;

    Graph graph;
    Graph::Node input;
    input.channels = 3;
    Graph::Node convolution;
    convolution.op = Graph::Op::convolution;
    convolution.inputs = {0};
    convolution.channels = 8;
    convolution.kernel_px = 3;
    convolution.padding_px = 1;
    convolution.relu = true;
    for (int i = 0; i < 8 * 3 * 3 * 3; ++i) convolution.weights.push_back(static_cast<float>(i % 7) - 3.0F);
    convolution.bias.assign(8, 0.5F);
    graph.nodes = {input, convolution};
    graph.outputs = {1};
    models.recognition = {pack(graph, 1, 8, 8, Precision::f32)};
    return models;
}

std::vector<char> bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const std::string& path, const std::vector<char>& bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<float> output_of(const Graph& graph) {
    const auto network = compile(graph, 1, 8, 8, Precision::f32);
    std::vector<float> input(network->input_shape().size());
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 11) / 10.0F;
    std::vector<float> output(network->output_shape(0).size());
    const std::vector<std::span<float>> outputs{output};
    Workspace workspace;
    network->write_input(0, input, workspace);
    network->run(outputs, workspace);
    return output;
}

/// The models folder's files, in a folder that a test may spoil.
void link_models(const std::string& from, const std::string& to) {
    for (const ModelFile& file : manifest().files)
        fs::create_symlink(from + "/" + file.file, to + "/" + file.file);
}

std::vector<std::string> prepared_files_in(const std::string& folder) {
    std::vector<std::string> found;
    if (!fs::exists(folder)) return found;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().filename().string().starts_with("prepared-")) found.push_back(entry.path().string());
    }
    return found;
}

}  // namespace

TEST_CASE("prepared models: what was written is what is mapped", "[face]") {
    const TemporaryFolder folder;
    const PreparedModels models = small_models();
    write_prepared(folder / "p", "key", models);
    const auto mapped = map_prepared(folder / "p", "key");
    REQUIRE(mapped);
    CHECK(mapped->landmarks.pixels == 2);
    CHECK(mapped->landmarks.nodes[0].threshold == 0.5F);
    CHECK(std::vector<float>(mapped->landmarks.leaves.begin(), mapped->landmarks.leaves.end()) ==
          std::vector<float>{1, 2, 3, 4});
    REQUIRE(mapped->recognition.size() == 1);
    CHECK(output_of(mapped->recognition[0]) == output_of(models.recognition[0]));
}

TEST_CASE("prepared models: packed weights give the very numbers of plain ones", "[face]") {
    PreparedModels models = small_models();
    Graph plain = models.recognition[0];
    for (int i = 0; i < 8 * 3 * 3 * 3; ++i)
        plain.nodes[1].weights.push_back(static_cast<float>(i % 7) - 3.0F);
    plain.nodes[1].packed = {};
    CHECK(output_of(models.recognition[0]) == output_of(plain));
}

TEST_CASE("prepared models: weights that were packed for another size or machine are refused", "[face]") {
    PreparedModels models = small_models();
    models.recognition[0].nodes[1].packed.layout ^= 1U;
    CHECK_THROWS_AS(output_of(models.recognition[0]), Error);
    models.recognition[0].nodes[1].packed.layout ^= 1U;
    auto& bytes = models.recognition[0].nodes[1].packed.bytes;
    bytes = bytes.first(bytes.size() - 4);
    CHECK_THROWS_AS(output_of(models.recognition[0]), Error);
}

TEST_CASE("prepared models: a file of another key, cut short or changed anywhere is no file", "[face]") {
    const TemporaryFolder folder;
    const std::string path = folder / "p";
    write_prepared(path, "key", small_models());
    CHECK_FALSE(map_prepared(folder / "absent", "key"));
    CHECK_FALSE(map_prepared(path, "other"));
    const auto whole = bytes_of(path);
    for (std::size_t i = 0; i < whole.size(); i += 13) {
        auto changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 0x10);
        write_bytes(path, changed);
        INFO("byte " << i);
        CHECK_FALSE(map_prepared(path, "key"));
        write_bytes(path, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i)});
        CHECK_FALSE(map_prepared(path, "key"));
    }
    write_bytes(path, whole);
    CHECK(map_prepared(path, "key"));
}

TEST_CASE("prepared models: a file that others may write to is not trusted", "[face]") {
    const TemporaryFolder folder;
    const std::string path = folder / "p";
    write_prepared(path, "key", small_models());
    REQUIRE(map_prepared(path, "key"));
    for (const auto others : {fs::perms::group_write, fs::perms::others_write}) {
        fs::permissions(path, others, fs::perm_options::add);
        CHECK_FALSE(map_prepared(path, "key"));
        fs::permissions(path, others, fs::perm_options::remove);
    }
}

TEST_CASE("prepared models: a landmark model whose numbers point outside of it is refused", "[face]") {
    const auto spoil = [](const std::function<void(LandmarkModel&)>& change) {
        PreparedModels models = small_models();
        change(models.landmarks);
        CHECK_THROWS_AS(validate(models.landmarks), Error);
    };
    static const std::vector<LandmarkModel::Split> outside{{0, 2, 0}};
    static const std::vector<std::uint32_t> no_point{0, 1};
    spoil([](LandmarkModel& model) { model.nodes = outside; });
    spoil([](LandmarkModel& model) { model.anchors = no_point; });
    spoil([](LandmarkModel& model) { model.leaves = model.leaves.first(3); });
    spoil([](LandmarkModel& model) { model.splits = 2; });
    spoil([](LandmarkModel& model) { model.trees = 0x80000000U; });
    spoil([](LandmarkModel& model) { model.points = 0; });
}

TEST_CASE("prepared models: the second load maps what the first one left, and finds the same faces",
          "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const TemporaryFolder folder;
    link_models(*models, folder.path());
    const auto samples = sample_folder();
    if (!samples) return;
    const auto bytes = base::read_file(sample_files(*samples).front(), std::size_t{64} << 20U);
    REQUIRE(bytes);
    const auto decoded = decode_image(*bytes, {});
    REQUIRE(decoded);
    const Image& photo = decoded->image;
    Workspace workspace;
    const auto first =
        load_face_analyser(manifest(), {folder.path()}, Precision::f32)->analyse(photo, 1, workspace);
    const auto files = prepared_files_in(folder.path());
    REQUIRE(files.size() == 1);
    const auto made_at = fs::last_write_time(files[0]);
    const auto second =
        load_face_analyser(manifest(), {folder.path()}, Precision::f32)->analyse(photo, 1, workspace);
    CHECK(fs::last_write_time(files[0]) == made_at);
    REQUIRE(first.size() == second.size());
    REQUIRE_FALSE(first.empty());
    for (std::size_t i = 0; i < first.size(); ++i) {
        CHECK(first[i].face_template == second[i].face_template);
        for (std::size_t point = 0; point < first[i].face.landmarks.size(); ++point) {
            CHECK(first[i].face.landmarks[point].x == second[i].face.landmarks[point].x);
            CHECK(first[i].face.landmarks[point].y == second[i].face.landmarks[point].y);
        }
    }
    // Damaged: made again.
    write_bytes(files[0], {'x'});
    CHECK(load_face_analyser(manifest(), {folder.path()}, Precision::f32)
              ->analyse(photo, 1, workspace)
              .size() == first.size());
    CHECK(bytes_of(files[0]).size() > 1);
}

TEST_CASE("prepared models: a model file that was exchanged is noticed although the old one was prepared",
          "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const TemporaryFolder folder;
    link_models(*models, folder.path());
    static_cast<void>(load_face_analyser(manifest(), {folder.path()}, Precision::f32));
    for (const ModelFile& file : manifest().files) {
        if (file.job != "recognition") continue;
        fs::remove(folder / file.file);
        CHECK_THROWS_AS(load_face_analyser(manifest(), {folder.path()}, Precision::f32), Error);
        write_bytes(folder / file.file, {'x'});
        CHECK_THROWS_AS(load_face_analyser(manifest(), {folder.path()}, Precision::f32), Error);
    }
}

TEST_CASE("prepared models: a models folder that takes no file leaves it to the cache folder",
          "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const TemporaryFolder folder;
    link_models(*models, folder.path());
    const std::string cache = folder / "made/cache";
    // A folder of the file's name cannot be replaced by a file, not even by root.
    fs::create_directory(folder / ("prepared-" + packing_name(Precision::f32) + ".bin"));
    static_cast<void>(load_face_analyser(manifest(), {folder.path()}, Precision::f32, cache));
    CHECK(prepared_files_in(cache).size() == 1);
}
