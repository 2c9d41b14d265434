// The engine against dlib's own forward pass, which is the definition of the template.
#include "face/recogniser.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "config/model_manifest.hpp"
#include "face/dlib_resnet.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
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

std::vector<std::uint8_t> model_bytes(const std::string& folder) {
    return load_model(config::parse_manifest(config::embedded_manifest_yaml()), "recognition", {folder});
}

}  // namespace

TEST_CASE("recogniser: its templates are dlib's", "[face][model]") {
    const auto models = model_folder();
    const auto samples = sample_folder();
    if (!models || !samples) return;
    const auto manifest = config::parse_manifest(config::embedded_manifest_yaml());
    const auto detector = make_rfb_detector(load_model(manifest, "detector", {*models}), Precision::f32);
    const Aligner aligner(read_landmark_model(load_model(manifest, "landmarks", {*models})), {});
    const Recogniser recogniser(read_dlib_resnet(model_bytes(*models)), Precision::f32);
    DlibReference reference(model_bytes(*models));
    Workspace workspace;

    std::vector<Image> chips{random_chip(1), random_chip(2), Image{kChip_px, kChip_px, PixelBytes(67'500, 0)},
                             Image{kChip_px, kChip_px, PixelBytes(67'500, 255)}};
    for (const auto& file : {sample_files(*samples)[0], sample_files(*samples)[4]}) {
        const auto image = decode_image(base::read_file(file, 1U << 28U).value(), {}).value().image;
        for (const auto& face : detector->detect(image, workspace))
            chips.push_back(aligner.align(image, face.box).chip);
    }
    REQUIRE(chips.size() > 4);
    for (std::size_t i = 0; i < chips.size(); ++i) {
        INFO("chip " << i);
        const Template ours = recogniser.describe(chips[i], workspace);
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
    const Recogniser exact(read_dlib_resnet(model_bytes(*models)), Precision::f32);
    const Recogniser rounded(read_dlib_resnet(model_bytes(*models)), Precision::bf16);
    Workspace workspace;
    for (unsigned seed = 1; seed < 6; ++seed) {
        const Image chip = random_chip(seed);
        const double distance =
            search::distance(exact.describe(chip, workspace), rounded.describe(chip, workspace));
        CHECK(distance < 0.02);
        CHECK(distance > 0);
    }
}

TEST_CASE("recogniser: the faces of a photo together get the templates that each gets alone",
          "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const Recogniser recogniser(read_dlib_resnet(model_bytes(*models)), Precision::f32);
    Workspace workspace;
    std::vector<Image> chips;
    for (unsigned seed = 0; seed < 13; ++seed) chips.push_back(random_chip(seed));
    const auto together = recogniser.describe(chips, workspace);
    REQUIRE(together.size() == chips.size());
    for (std::size_t i = 0; i < chips.size(); ++i) {
        INFO("chip " << i);
        CHECK(search::distance(together[i], recogniser.describe(chips[i], workspace)) < 1e-4);
    }
    CHECK(recogniser.describe(std::span<const Image>(), workspace).empty());
}

TEST_CASE("recogniser: a chip and its mirror image have one template", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const Recogniser recogniser(read_dlib_resnet(model_bytes(*models)), Precision::f32);
    Workspace workspace;
    const Image chip = random_chip(3);
    CHECK(search::distance(recogniser.describe(chip, workspace),
                           recogniser.describe(mirrored(chip), workspace)) < 1e-4);
}

TEST_CASE("recogniser: two threads get bit for bit what one gets", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const Recogniser recogniser(read_dlib_resnet(model_bytes(*models)), Precision::f32);
    Workspace workspace;
    std::vector<Template> expected(6);
    for (unsigned i = 0; i < expected.size(); ++i)
        expected[i] = recogniser.describe(random_chip(i), workspace);
    std::vector<Template> got(expected.size());
    const auto work = [&](unsigned first) {
        Workspace own;
        for (unsigned i = first; i < got.size(); i += 2) got[i] = recogniser.describe(random_chip(i), own);
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
    const Recogniser recogniser(read_dlib_resnet(model_bytes(*models)), Precision::f32);
    Workspace workspace;
    for (const auto& [width, height] : {std::pair{149, 150}, {150, 151}, {0, 0}}) {
        try {
            static_cast<void>(recogniser.describe(make_picture(width, height), workspace));
            FAIL_CHECK("no error was thrown");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::model_shape_mismatch);
        }
    }
}

TEST_CASE("recogniser: a model file that is cut short or is something else is refused", "[face][model]") {
    const auto models = model_folder();
    if (!models) return;
    const auto whole = model_bytes(*models);
    std::vector<std::vector<std::uint8_t>> damaged{{}, std::vector<std::uint8_t>(1000, 'x')};
    for (std::size_t i = 1; i < 6; ++i) {
        damaged.emplace_back(whole.begin(),
                             whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * i / 6));
    }
    for (const auto& bytes : damaged) {
        INFO(bytes.size() << " bytes");
        try {
            const Recogniser recogniser(read_dlib_resnet(bytes), Precision::f32);
            FAIL_CHECK("no error was thrown");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::model_corrupt);
        }
    }
}
