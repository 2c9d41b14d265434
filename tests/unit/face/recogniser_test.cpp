// The engine against dlib's own forward pass, which is the definition of dlib's template; and templates of
// several networks.
#include "face/recogniser.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "config/model_manifest.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
#include "face/recognition_kind.hpp"
#include "face/rfb_detector.hpp"
#include "findme/error.hpp"
#include "search/probe.hpp"
#include "support/make_image.hpp"
#include "support/references/dlib_reference.hpp"
#include "support/resources.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;

namespace {

constexpr int kChip_px = 150;
constexpr const char* kDlib = "dlib-resnet";

const ModelManifest& manifest() {
    static const ModelManifest manifest = config::parse_manifest(config::embedded_manifest_yaml());
    return manifest;
}

Image random_chip(unsigned seed) {
    std::mt19937 random(seed);
    // Smooth blobs and some noise: neither constant nor white.
    Image chip = make_picture(kChip_px, kChip_px);
    for (auto& value : chip.pixels) {
        value =
            static_cast<std::uint8_t>(std::clamp<int>(value + static_cast<int>(random() % 61) - 30, 0, 255));
    }
    return chip;
}

const ModelFile& file_of_kind(const std::string& kind) {
    return *std::find_if(manifest().files.begin(), manifest().files.end(),
                         [&](const ModelFile& file) { return file.kind == kind; });
}

std::vector<std::uint8_t> model_bytes(const std::string& folder) {
    return load_model(file_of_kind(kDlib), {folder});
}

ChipNetwork dlib_network(const std::string& folder, Precision precision = Precision::f32) {
    return {read_recognition(kDlib, model_bytes(folder)), chip_input_of(kDlib, true), precision};
}

std::vector<float> describe(const ChipNetwork& network, const Image& chip, Workspace& workspace) {
    return network.describe(std::span(&chip, 1), workspace);
}

/// Takes 8 x 8 chips; its vector is `weights` times the means of the three colours, 0-1.
ChipNetwork mean_colours(const std::vector<float>& weights) {
    Graph graph;
    Graph::Node input;
    input.channels = 3;
    Graph::Node convolution;
    convolution.op = Graph::Op::convolution;
    convolution.inputs = {0};
    convolution.channels = static_cast<int>(weights.size() / 3);
    convolution.weights = weights;
    convolution.bias.assign(weights.size() / 3, 0.0F);
    Graph::Node average;
    average.op = Graph::Op::global_average;
    average.inputs = {1};
    average.channels = convolution.channels;
    graph.nodes = {input, convolution, average};
    graph.outputs = {2};
    ChipInput wanted;
    wanted.shape = {8, {Point{6, 2}, Point{5, 2}, Point{2, 2}, Point{3, 2}, Point{4, 5}}};
    wanted.scale = 1.0F / 255.0F;
    return {std::move(graph), wanted, Precision::f32};
}

/// Landmarks on a picture of 100 x 100 px, 8 px of a chip being `scale` x 8 px of it.
Landmarks landmarks_at(float x, float y, float scale) {
    Landmarks landmarks{Point{6, 2}, Point{5, 2}, Point{2, 2}, Point{3, 2}, Point{4, 5}};
    for (Point& point : landmarks) point = {(x + point.x * scale) / 100, (y + point.y * scale) / 100};
    return landmarks;
}

double length(std::span<const float> vector) {
    double squares = 0;
    for (const float value : vector) squares += static_cast<double>(value) * value;
    return std::sqrt(squares);
}

}  // namespace

TEST_CASE("recogniser: its templates are dlib's", "[face][model]") {
    const auto models = model_folder();
    const auto samples = sample_folder();
    if (!models || !samples) return;
    const auto detector = make_rfb_detector(load_model(manifest(), kDetector, {*models}), Precision::f32);
    const Aligner aligner(read_landmark_model(load_model(manifest(), kLandmarks, {*models})), {});
    const ChipNetwork network = dlib_network(*models);
    DlibReference reference(model_bytes(*models));
    Workspace workspace;

    std::vector<Image> chips{random_chip(1), random_chip(2), Image{kChip_px, kChip_px, PixelBytes(67'500, 0)},
                             Image{kChip_px, kChip_px, PixelBytes(67'500, 255)}};
    for (const auto& file : {sample_files(*samples)[0], sample_files(*samples)[4]}) {
        const auto image = decode_image(base::read_file(file, 1U << 28U).value(), {}).value().image;
        for (const auto& face : detector->detect(image, workspace))
            chips.push_back(cut_chip(image, aligner.align(image, face.box), dlib_chip_shape()));
    }
    REQUIRE(chips.size() > 4);
    for (std::size_t i = 0; i < chips.size(); ++i) {
        INFO("chip " << i);
        const Template ours = describe(network, chips[i], workspace);
        const Template dlibs = reference.describe(chips[i]);
        CHECK(cosine(ours, dlibs) >= 0.9999);
        CHECK(search::distance(ours, dlibs) < 1e-3);
    }
}

TEST_CASE("recogniser: bf16 gives what f32 gives, but for rounding", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    if (best_precision() != Precision::bf16) {
        WARN("SKIPPED: this processor does not multiply bf16");
        return;
    }
    const ChipNetwork exact = dlib_network(*models);
    const ChipNetwork rounded = dlib_network(*models, Precision::bf16);
    Workspace workspace;
    for (unsigned seed = 1; seed < 6; ++seed) {
        const Image chip = random_chip(seed);
        const double distance =
            search::distance(describe(exact, chip, workspace), describe(rounded, chip, workspace));
        CHECK(distance < 0.02);
        CHECK(distance > 0);
    }
}

TEST_CASE("recogniser: the faces of a photo together get the vectors that each gets alone", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const ChipNetwork network = dlib_network(*models);
    Workspace workspace;
    std::vector<Image> chips;
    for (unsigned seed = 0; seed < 13; ++seed) chips.push_back(random_chip(seed));
    const auto together = network.describe(chips, workspace);
    REQUIRE(together.size() == chips.size() * network.size());
    for (std::size_t i = 0; i < chips.size(); ++i) {
        INFO("chip " << i);
        const auto one = std::span(together).subspan(i * network.size(), network.size());
        CHECK(search::distance(one, describe(network, chips[i], workspace)) < 1e-4);
    }
    CHECK(network.describe({}, workspace).empty());
}

TEST_CASE("recogniser: a chip and its mirror image have one vector", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const ChipNetwork network = dlib_network(*models);
    Workspace workspace;
    const Image chip = random_chip(3);
    CHECK(search::distance(describe(network, chip, workspace), describe(network, mirrored(chip), workspace)) <
          1e-4);
}

TEST_CASE("recogniser: two threads get bit for bit what one gets", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const ChipNetwork network = dlib_network(*models);
    Workspace workspace;
    std::vector<Template> expected(6);
    for (unsigned i = 0; i < expected.size(); ++i) expected[i] = describe(network, random_chip(i), workspace);
    std::vector<Template> got(expected.size());
    const auto work = [&](unsigned first) {
        Workspace own;
        for (unsigned i = first; i < got.size(); i += 2) got[i] = describe(network, random_chip(i), own);
    };
    std::thread even(work, 0U);
    std::thread odd(work, 1U);
    even.join();
    odd.join();
    CHECK(got == expected);
}

TEST_CASE("recogniser: chips of another size are refused", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const ChipNetwork network = dlib_network(*models);
    Workspace workspace;
    for (const auto& [width, height] : {std::pair{149, 150}, {150, 151}, {0, 0}}) {
        try {
            static_cast<void>(describe(network, make_picture(width, height), workspace));
            FAIL_CHECK("no error was thrown");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::model_shape_mismatch);
        }
    }
}

TEST_CASE("recogniser: a model file that is cut short or is something else is refused", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    for (const std::string kind : {"dlib-resnet", "arcface"}) {
        const auto whole = load_model(file_of_kind(kind), {*models});
        std::vector<std::vector<std::uint8_t>> damaged{{}, std::vector<std::uint8_t>(1000, 'x')};
        for (std::size_t i = 1; i < 6; ++i) {
            damaged.emplace_back(whole.begin(),
                                 whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * i / 6));
        }
        for (const auto& bytes : damaged) {
            INFO(kind << ", " << bytes.size() << " bytes");
            try {
                static_cast<void>(read_recognition(kind, bytes));
                FAIL_CHECK("no error was thrown");
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::model_corrupt);
            }
        }
    }
    CHECK_THROWS_AS(chip_input_of("facenet", false), Error);
    CHECK_THROWS_AS(read_recognition("facenet", {}), Error);
}

TEST_CASE("recogniser: a network that does not make one vector of a face is refused", "[face]") {
    Graph graph;
    Graph::Node input;
    input.channels = 3;
    graph.nodes = {input};
    graph.outputs = {0};
    try {
        const ChipNetwork network(graph, chip_input_of(kDlib, true), Precision::f32);
        FAIL_CHECK("no error was thrown");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::model_shape_mismatch);
    }
}

TEST_CASE("recogniser: of several networks each gives its share of a template of unit length", "[face]") {
    const std::vector<float> swaps{0, 2, 0, 2, 0, 0, 0, 0, 2};
    const std::vector<float> sums{1, 1, 0, 0, 1, 1};
    std::vector<RecogniserPart> parts;
    parts.push_back({std::make_unique<ChipNetwork>(mean_colours(swaps)), 3});
    parts.push_back({std::make_unique<ChipNetwork>(mean_colours(sums)), 4});
    const auto recogniser = make_recogniser(std::move(parts));
    CHECK(recogniser->template_size() == 5);

    // Left of the middle 20, 40, 80; right of it 255, 0, 0.
    Image image{100, 100, PixelBytes(30'000)};
    for (int y = 0; y < 100; ++y) {
        for (int x = 0; x < 100; ++x) {
            const std::array<std::uint8_t, 3> colour =
                x < 50 ? std::array<std::uint8_t, 3>{20, 40, 80} : std::array<std::uint8_t, 3>{255, 0, 0};
            std::copy(colour.begin(), colour.end(), image.row(y) + x * 3);
        }
    }
    FaceChips faces(image, {landmarks_at(5, 5, 2), landmarks_at(70, 40, 3)});
    Workspace workspace;
    const auto templates = recogniser->describe(faces, workspace);
    REQUIRE(templates.size() == 2);
    const double of_first = std::sqrt(20.0 * 20 + 40 * 40 + 80 * 80);
    const double of_second = std::sqrt(60.0 * 60 + 120 * 120);
    const std::vector<double> left{0.6 * 40 / of_first, 0.6 * 20 / of_first, 0.6 * 80 / of_first,
                                   0.8 * 60 / of_second, 0.8 * 120 / of_second};
    for (std::size_t i = 0; i < left.size(); ++i) CHECK(templates[0][i] == Approx(left[i]).margin(1e-4));
    // The second network says nothing of red alone but its first number.
    const std::vector<double> right{0, 0.6, 0, 0.8, 0};
    for (std::size_t i = 0; i < right.size(); ++i) CHECK(templates[1][i] == Approx(right[i]).margin(1e-4));
    for (const auto& face : templates) CHECK(length(face) == Approx(1).margin(1e-5));
}

TEST_CASE("recogniser: a network with two outputs is refused where it is loaded", "[face]") {
    Graph graph;
    Graph::Node input;
    input.channels = 3;
    Graph::Node average;
    average.op = Graph::Op::global_average;
    average.inputs = {0};
    average.channels = 3;
    graph.nodes = {input, average, average};
    graph.outputs = {1, 2};
    CHECK_THROWS_AS(ChipNetwork(graph, chip_input_of(kDlib, false), Precision::f32), Error);
}

TEST_CASE("recogniser: a face of which a network says nothing is near nobody", "[face]") {
    std::vector<RecogniserPart> parts;
    parts.push_back({std::make_unique<ChipNetwork>(mean_colours({1, 1, 1})), 1});
    const auto recogniser = make_recogniser(std::move(parts));
    const Image black{100, 100, PixelBytes(30'000, 0)};
    FaceChips faces(black, {landmarks_at(5, 5, 2)});
    Workspace workspace;
    const auto templates = recogniser->describe(faces, workspace);
    CHECK(templates == std::vector<Template>{{0}});
    // Not even another of that kind.
    CHECK_FALSE(search::Probe(templates).distance_to(templates[0]) <= 2);
    FaceChips nobody(black, {});
    CHECK(recogniser->describe(nobody, workspace).empty());
}
