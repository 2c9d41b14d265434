// Accuracy on public sets, by their own protocols. Prints one JSON line.
//
//   accuracy [--detector FILE] lfw MODELS_DIR LFW_DIR
//       verification: five folds, the threshold learnt on the other four
//   accuracy [--detector FILE] wider MODELS_DIR WIDER_DIR [MIN_SCORE [LONG_SIDE_PX...]]
//       detection: recall by face height, precision over all sizes
//   accuracy [--detector FILE] box MODELS_DIR LFW_DIR [SIDE CENTRE_DOWN]...
//       verification for these box calibrations; without any for a grid of them, on every fourth pair
//
// FILE is a user's own detector, of any kind that findme runs; else the release's is measured.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "config/model_manifest.hpp"
#include "face/detector_kind.hpp"
#include "face/dlib_resnet.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
#include "face/rfb_detector.hpp"
#include "face/yunet_detector.hpp"
#include "search/probe.hpp"

namespace {
using findme::Template;
namespace face = findme::face;
using nlohmann::json;

findme::Image load(const std::string& path) {
    const auto bytes = findme::base::read_file(path, std::size_t{1} << 28U).value();
    return findme::decode_image(bytes, {}, {face::kEnoughLongSide_px}).value().image;
}

struct Pair {
    int fold = 0;
    bool same = false;
    std::string a;
    std::string b;
};

std::vector<Pair> read_pairs(const std::string& folder) {
    std::ifstream file(folder + "/pairs.csv");
    std::string line;
    std::getline(file, line);
    std::vector<Pair> pairs;
    while (std::getline(file, line)) {
        std::istringstream cells(line);
        std::string fold;
        std::string same;
        Pair pair;
        std::getline(cells, fold, ',');
        std::getline(cells, same, ',');
        std::getline(cells, pair.a, ',');
        std::getline(cells, pair.b, ',');
        while (!pair.b.empty() && pair.b.back() == '\r') pair.b.pop_back();
        pair.fold = std::stoi(fold);
        pair.same = same == "1";
        pairs.push_back(pair);
    }
    return pairs;
}

/// ACCURACY_PRECISION=f32 or bf16; else what findme takes on this machine.
face::Precision precision() {
    const char* wanted = std::getenv("ACCURACY_PRECISION");
    if (wanted == nullptr) return face::best_precision();
    return std::string_view(wanted) == "bf16" ? face::Precision::bf16 : face::Precision::f32;
}

/// What the command line asks for.
struct Wanted {
    std::string detector;  ///< Empty: the release's own.
    std::optional<float> min_score;
    std::vector<int> long_sides_px;
    std::vector<face::BoxCalibration> boxes;
};

struct Models {
    findme::ModelManifest manifest = findme::config::parse_manifest(findme::config::embedded_manifest_yaml());
    std::unique_ptr<face::Detector> detector;
    std::vector<std::uint8_t> landmarks;
    std::unique_ptr<face::Recogniser> recogniser;

    face::BoxCalibration box;

    Models(const std::string& folder, const Wanted& wanted)
        : landmarks(face::load_model(manifest, "landmarks", {folder})),
          recogniser(std::make_unique<face::Recogniser>(
              face::read_dlib_resnet(face::load_model(manifest, "recognition", {folder})), precision())) {
        const auto onnx = wanted.detector.empty()
                              ? face::load_model(manifest, "detector", {folder})
                              : findme::base::read_file(wanted.detector, std::size_t{1} << 28U).value();
        const std::string kind = face::recognise_detector(onnx);
        detector = kind == "yunet" ? make<face::YuNetOptions>(face::make_yunet_detector, onnx, wanted)
                                   : make<face::RfbOptions>(face::make_rfb_detector, onnx, wanted);
        for (const auto& known : manifest.detectors) {
            if (known.kind == kind) box = face::box_calibration(known);
        }
    }

  private:
    template <typename Options, typename Make>
    static std::unique_ptr<face::Detector> make(Make make_detector, const std::vector<std::uint8_t>& onnx,
                                                const Wanted& wanted) {
        Options options;
        if (wanted.min_score) options.min_score = *wanted.min_score;
        if (!wanted.long_sides_px.empty()) options.long_sides_px = wanted.long_sides_px;
        return make_detector(onnx, precision(), options);
    }
};

/// The face nearest the middle: LFW's subject.
std::optional<findme::Box> central_face(const std::vector<face::Detection>& found) {
    const auto off_centre = [](const face::Detection& d) {
        return std::hypot(d.box.x + d.box.width / 2 - 0.5F, d.box.y + d.box.height / 2 - 0.5F);
    };
    const auto best = std::min_element(found.begin(), found.end(), [&](const auto& a, const auto& b) {
        return off_centre(a) < off_centre(b);
    });
    return best == found.end() ? std::nullopt : std::optional(best->box);
}

/// How often two different people of the set are nearer than a distance, over all their pictures: millions of
/// pairs, where the benchmark's own list has 1,500 and cannot tell rates below one in a thousand.
/// @param share_nearer  set to the share of such pairs within each hundredth of a distance.
json false_match_rates(const std::map<std::string, Template>& templates, std::vector<double>& share_nearer) {
    constexpr double kStep = 0.01;
    std::vector<std::int64_t> nearer(101, 0);
    std::int64_t pairs = 0;
    for (auto a = templates.begin(); a != templates.end(); ++a) {
        const auto person = a->first.substr(0, a->first.find('/'));
        for (auto b = std::next(a); b != templates.end(); ++b) {
            if (b->first.compare(0, person.size() + 1, person + "/") == 0) continue;
            ++pairs;
            const double distance = findme::search::distance(a->second, b->second);
            for (auto t = static_cast<std::size_t>(std::ceil(distance / kStep)); t < nearer.size(); ++t)
                ++nearer[t];
        }
    }
    share_nearer.clear();
    for (const std::int64_t count : nearer)
        share_nearer.push_back(static_cast<double>(count) / static_cast<double>(pairs));
    json rates = {{"pairs", pairs}};
    for (std::size_t t = 40; t <= 62; t += 2) {
        char distance[8];
        std::snprintf(distance, sizeof distance, "%.2f", static_cast<double>(t) * kStep);
        rates[distance] = static_cast<double>(nearer[t]) / static_cast<double>(pairs);
    }
    return rates;
}

/// That of the default threshold, see libfindme/models/manifest.yaml.
constexpr double kPromisedRate = 3.2e-4;

struct Distances {
    std::vector<Pair> pairs;
    std::vector<double> values;
    json all_strangers;
    std::vector<double> share_nearer;
    std::size_t images = 0;
    std::size_t missed = 0;
};

struct Face {
    findme::Image image;
    std::optional<findme::Box> box;
};

double accuracy_at(const Distances& d, double threshold, int fold, bool inside) {
    int right = 0;
    int count = 0;
    for (std::size_t i = 0; i < d.pairs.size(); ++i) {
        if ((d.pairs[i].fold == fold) != inside) continue;
        right += (d.values[i] <= threshold) == d.pairs[i].same;
        ++count;
    }
    return static_cast<double>(right) / std::max(count, 1);
}

/// The distance within which this share of all pairs of different people is, and the share of pairs of one
/// person that is as near: what compares two ways of alignment better than accuracies, which differ by a few
/// pairs.
json at_false_match_rate(const Distances& d, double rate) {
    const auto above = std::upper_bound(d.share_nearer.begin(), d.share_nearer.end(), rate);
    const auto step = static_cast<double>(above - d.share_nearer.begin());
    const double before = step > 0 ? *std::prev(above) : 0;
    const double part = above == d.share_nearer.end() ? 0 : (rate - before) / (*above - before);
    const double distance = (step - 1 + part) / 100;
    int count = 0;
    int near = 0;
    for (std::size_t i = 0; i < d.pairs.size(); ++i) {
        count += d.pairs[i].same;
        near += d.pairs[i].same && d.values[i] <= distance;
    }
    return {{"false_match_rate", rate},
            {"distance", distance},
            {"tar", static_cast<double>(near) / std::max(count, 1)}};
}

json verification(const Distances& d) {
    std::vector<double> folds;
    std::vector<double> thresholds;
    for (int fold = 1; fold <= 5; ++fold) {
        double best = 0;
        double best_accuracy = -1;
        for (double t = 0.30; t < 0.90; t += 0.005) {
            const double accuracy = accuracy_at(d, t, fold, false);
            if (accuracy > best_accuracy) best_accuracy = accuracy, best = t;
        }
        folds.push_back(accuracy_at(d, best, fold, true));
        thresholds.push_back(best);
    }
    double mean = 0;
    for (const double f : folds) mean += f / static_cast<double>(folds.size());

    json rates = json::array();
    std::vector<double> strangers;
    std::vector<double> same;
    for (std::size_t i = 0; i < d.pairs.size(); ++i)
        (d.pairs[i].same ? same : strangers).push_back(d.values[i]);
    std::sort(strangers.begin(), strangers.end());
    std::sort(same.begin(), same.end());
    for (double t = 0.40; t < 0.665; t += 0.02) {
        const auto share = [t](const std::vector<double>& values) {
            const auto below = std::upper_bound(values.begin(), values.end(), t) - values.begin();
            return static_cast<double>(below) / static_cast<double>(values.size());
        };
        rates.push_back({{"distance", t}, {"fmr", share(strangers)}, {"tar", share(same)}});
    }
    return {{"pairs", d.pairs.size()},
            {"images", d.images},
            {"missed", d.missed},
            {"accuracy", mean},
            {"folds", folds},
            {"fold_thresholds", thresholds},
            {"nearest_strangers", std::vector<double>(strangers.begin(), strangers.begin() + 6)},
            {"rates", rates},
            {"at_false_match_rate", {at_false_match_rate(d, 1e-3), at_false_match_rate(d, kPromisedRate)}},
            {"false_match_rate", d.all_strangers}};
}

Distances measure(const Models& models, const face::Aligner& aligner,
                  const std::map<std::string, Face>& faces, const std::vector<Pair>& pairs) {
    face::Workspace workspace;
    std::map<std::string, Template> templates;
    Distances result{pairs, {}, {}, {}, faces.size(), 0};
    for (const auto& [path, found] : faces) {
        // A missed face is scored as the whole picture's middle, as the benchmark wants an answer for every
        // pair.
        result.missed += !found.box;
        const findme::Box box = found.box.value_or(findme::Box{0.3F, 0.25F, 0.4F, 0.5F});
        templates[path] = models.recogniser->describe(aligner.align(found.image, box).chip, workspace);
    }
    result.all_strangers = false_match_rates(templates, result.share_nearer);
    for (const auto& pair : pairs)
        result.values.push_back(findme::search::distance(templates[pair.a], templates[pair.b]));
    return result;
}

std::map<std::string, Face> detect_all(const Models& models, const std::string& folder,
                                       const std::vector<Pair>& pairs) {
    face::Workspace workspace;
    std::map<std::string, Face> faces;
    for (const auto& pair : pairs) {
        for (const auto* path : {&pair.a, &pair.b}) {
            if (faces.contains(*path)) continue;
            Face found{load(folder + "/images/" + *path), {}};
            found.box = central_face(models.detector->detect(found.image, workspace));
            faces.emplace(*path, std::move(found));
        }
    }
    return faces;
}

json lfw(const std::string& models_dir, const std::string& folder, const Wanted& wanted) {
    const Models models(models_dir, wanted);
    const auto pairs = read_pairs(folder);
    const auto faces = detect_all(models, folder, pairs);
    return verification(measure(
        models, face::Aligner(face::read_landmark_model(models.landmarks), models.box), faces, pairs));
}

json box_grid(const std::string& models_dir, const std::string& folder, const Wanted& wanted) {
    const Models models(models_dir, wanted);
    std::vector<face::BoxCalibration> boxes = wanted.boxes;
    std::vector<Pair> pairs = read_pairs(folder);
    if (boxes.empty()) {
        std::vector<Pair> some;
        for (std::size_t i = 0; i < pairs.size(); i += 4) some.push_back(pairs[i]);
        pairs = some;
        for (const float side : {0.72F, 0.76F, 0.80F, 0.84F, 0.90F}) {
            for (const float down : {-0.02F, 0.02F, 0.06F}) boxes.push_back({side, down});
        }
    }
    const auto faces = detect_all(models, folder, pairs);
    json grid = json::array();
    for (const auto& box : boxes) {
        const auto result = verification(
            measure(models, face::Aligner(face::read_landmark_model(models.landmarks), box), faces, pairs));
        grid.push_back({{"side", box.side},
                        {"centre_down", box.centre_down},
                        {"accuracy", result["accuracy"]},
                        {"at_false_match_rate", result["at_false_match_rate"]}});
        std::fprintf(stderr, "%s\n", grid.back().dump().c_str());
    }
    return grid;
}

struct Truth {
    findme::Box box;  ///< Pixels.
    bool counts = true;
    bool found = false;
};

json wider(const std::string& models_dir, const std::string& folder, const Wanted& wanted) {
    // Boxes drawn by different annotators overlap by less than the usual 0.5: detectors are compared at 0.4.
    constexpr float kHit = 0.4F;
    const Models models(models_dir, wanted);
    face::Workspace workspace;
    std::ifstream file(folder + "/ground_truth.txt");
    const std::vector<float> heights{20, 40, 60, 100};
    std::vector<int> truths(heights.size(), 0);
    std::vector<int> hits(heights.size(), 0);
    int right = 0;
    int wrong = 0;
    int images = 0;
    std::string path;
    while (std::getline(file, path)) {
        int count = 0;
        file >> count;
        std::vector<Truth> faces;
        for (int i = 0; i < std::max(count, 1); ++i) {
            float x = 0, y = 0, w = 0, h = 0;
            int blur = 0, expression = 0, illumination = 0, invalid = 0, occlusion = 0, pose = 0;
            file >> x >> y >> w >> h >> blur >> expression >> illumination >> invalid >> occlusion >> pose;
            if (count > 0) faces.push_back({{x, y, w, h}, invalid == 0 && w > 0 && h > 0});
        }
        file.ignore(1000, '\n');
        const auto image = load(folder + "/images/" + path);
        ++images;
        for (const auto& d : models.detector->detect(image, workspace)) {
            const auto w = static_cast<float>(image.width_px);
            const auto h = static_cast<float>(image.height_px);
            const findme::Box box{d.box.x * w, d.box.y * h, d.box.width * w, d.box.height * h};
            Truth* best = nullptr;
            float best_overlap = kHit;
            bool excused = false;
            for (auto& truth : faces) {
                const float o = face::overlap(truth.box, box);
                if (o < kHit) continue;
                if (!truth.counts || truth.found) excused = excused || !truth.counts;
                if (truth.counts && !truth.found && o >= best_overlap) best = &truth, best_overlap = o;
            }
            if (best != nullptr) {
                best->found = true;
                ++right;
            } else if (!excused) {
                ++wrong;
            }
        }
        for (const auto& truth : faces) {
            for (std::size_t i = 0; truth.counts && i < heights.size(); ++i) {
                if (truth.box.height < heights[i]) continue;
                ++truths[i];
                hits[i] += truth.found;
            }
        }
    }
    json recall;
    for (std::size_t i = 0; i < heights.size(); ++i) {
        recall[std::to_string(static_cast<int>(heights[i]))] =
            static_cast<double>(hits[i]) / std::max(truths[i], 1);
    }
    return {{"images", images},
            {"recall_by_height_px", recall},
            {"precision", static_cast<double>(right) / std::max(right + wrong, 1)}};
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    Wanted wanted;
    if (words.size() > 1 && words[0] == "--detector") {
        wanted.detector = words[1];
        words.erase(words.begin(), words.begin() + 2);
    }
    const std::string what = words.size() >= 3 ? words[0] : "";
    if (what == "box") {
        for (std::size_t i = 3; i + 1 < words.size(); i += 2)
            wanted.boxes.push_back({std::stof(words[i]), std::stof(words[i + 1])});
    } else if (words.size() > 3) {
        wanted.min_score = std::stof(words[3]);
        for (std::size_t i = 4; i < words.size(); ++i) wanted.long_sides_px.push_back(std::stoi(words[i]));
    }
    json result;
    if (what == "lfw") {
        result = lfw(words[1], words[2], wanted);
    } else if (what == "wider") {
        result = wider(words[1], words[2], wanted);
    } else if (what == "box") {
        result = box_grid(words[1], words[2], wanted);
    } else {
        std::fprintf(stderr, "usage: accuracy [--detector FILE] lfw|wider|box MODELS_DIR DATA_DIR\n");
        return 2;
    }
    std::printf("%s\n", result.dump().c_str());
    return 0;
}
