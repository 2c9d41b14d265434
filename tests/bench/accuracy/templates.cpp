// Whether the engine's templates are dlib's: the same chips through findme's network at full precision and
// through dlib's own forward pass. Prints one JSON line; fails when any cosine is below 0.9999.
//
//   templates MODELS_DIR LFW_DIR [FACES]
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "config/model_manifest.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
#include "face/recognition_kind.hpp"
#include "face/rfb_detector.hpp"
#include "support/references/dlib_reference.hpp"

namespace {

namespace face = findme::face;
namespace fs = std::filesystem;

std::vector<std::string> pictures_below(const std::string& folder) {
    std::vector<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".jpg") paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

int run(const std::string& models, const std::string& lfw, std::size_t wanted) {
    constexpr double kLeastCosine = 0.9999;
    const auto manifest = findme::config::parse_manifest(findme::config::embedded_manifest_yaml());
    const auto load = [&](const char* job) { return face::load_model(manifest, job, {models}); };
    const auto detector = face::make_rfb_detector(load("detector"), face::Precision::f32);
    const face::Aligner aligner(face::read_landmark_model(load("landmarks")), {});
    constexpr const char* kKind = "dlib-resnet";
    const face::ChipNetwork ours(face::read_recognition(kKind, load("recognition")),
                                 face::chip_input_of(kKind, true), face::Precision::f32);
    findme::testing::DlibReference dlibs(load("recognition"));
    face::Workspace workspace;
    std::size_t faces = 0;
    double least = 1;
    double sum = 0;
    for (const auto& path : pictures_below(lfw + "/images")) {
        if (faces == wanted) break;
        const auto image =
            findme::decode_image(findme::base::read_file(path, std::size_t{1} << 28U).value(), {})
                .value()
                .image;
        const auto found = detector->detect(image, workspace);
        if (found.empty()) continue;
        const auto chip =
            face::cut_chip(image, aligner.align(image, found.front().box), face::dlib_chip_shape());
        const double cosine =
            findme::testing::cosine(ours.describe(std::span(&chip, 1), workspace), dlibs.describe(chip));
        least = std::min(least, cosine);
        sum += cosine;
        ++faces;
    }
    std::printf(R"({"faces":%zu,"cosine_least":%.7f,"cosine_mean":%.7f})"
                "\n",
                faces, least, sum / static_cast<double>(faces));
    return faces == wanted && least >= kLeastCosine ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: templates MODELS_DIR LFW_DIR [FACES]\n");
        return 2;
    }
    try {
        return run(argv[1], argv[2], argc > 3 ? std::stoul(argv[3]) : 1000);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "templates: %s\n", error.what());
        return 1;
    }
}
