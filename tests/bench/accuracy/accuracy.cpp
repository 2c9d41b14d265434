// Accuracy on public sets, by their own protocols. Prints one JSON line.
//
//   accuracy [--detector FILE] [--recogniser ID] lfw MODELS_DIR LFW_DIR
//       verification: five folds, the threshold learnt on the other four; and true accept rates over all
//       pairs of the folder's pictures, pairs of label_errors.txt left out
//   accuracy [--detector FILE] wider MODELS_DIR WIDER_DIR [MIN_SCORE [LONG_SIDE_PX...]]
//       detection: recall by face height, precision over all sizes
//   accuracy [--detector FILE] box MODELS_DIR LFW_DIR [SIDE CENTRE_DOWN]...
//       verification for these box calibrations; without any for a grid of them, on every fourth pair
//
// FILE is a user's own detector, of any kind that findme runs; ID a recogniser of the manifest; else the
// release's are measured.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "config/model_manifest.hpp"
#include "face/detector_kind.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
#include "face/rfb_detector.hpp"
#include "face/yunet_detector.hpp"
#include "search/probe.hpp"

namespace {
using findme::Template;
namespace face = findme::face;
namespace fs = std::filesystem;
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
    std::string detector;             ///< Empty: the release's own.
    std::string recogniser = "auto";  ///< Its id.
    std::optional<float> min_score;
    std::vector<int> long_sides_px;
    std::vector<face::BoxCalibration> boxes;
};

struct Models {
    findme::ModelManifest manifest;
    std::unique_ptr<face::Detector> detector;
    std::vector<std::uint8_t> landmarks;
    std::unique_ptr<face::Recogniser> recogniser;

    face::BoxCalibration box;

    Models(const std::string& folder, const Wanted& wanted)
        : manifest(face::with_recogniser(
              findme::config::parse_manifest(findme::config::embedded_manifest_yaml()), wanted.recogniser)),
          landmarks(face::load_model(manifest, face::kLandmarks, {folder})),
          recogniser(face::load_recogniser(manifest, {folder}, precision())) {
        const auto onnx = wanted.detector.empty()
                              ? face::load_model(manifest, face::kDetector, {folder})
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

/// How alike two faces are, counted over all pairs of a set: scalar products of unit vectors, in 20,000 steps
/// from -1 to 1. The benchmark's own list has 1,500 pairs of different people and cannot tell rates below one
/// in a thousand; all pairs are millions.
class Scores {
  public:
    void add(double score) {
        const double place = (std::clamp(score, -1.0, 1.0) + 1) / 2 * (kSteps - 1);
        ++counts_[static_cast<std::size_t>(std::lround(place))];
        ++pairs_;
    }
    [[nodiscard]] std::int64_t pairs() const { return pairs_; }
    /// The lowest score that at most this share of the pairs reaches.
    [[nodiscard]] double reached_by(double share) const {
        std::int64_t above = 0;
        std::size_t step = kSteps;
        while (step > 0 &&
               static_cast<double>(above + counts_[step - 1]) <= share * static_cast<double>(pairs_))
            above += counts_[--step];
        return score_of(step);
    }
    [[nodiscard]] double share_from(double score) const {
        std::int64_t above = 0;
        for (std::size_t step = kSteps; step > 0 && score_of(step - 1) >= score; --step)
            above += counts_[step - 1];
        return static_cast<double>(above) / static_cast<double>(std::max<std::int64_t>(pairs_, 1));
    }

  private:
    static constexpr std::size_t kSteps = 20'001;
    static double score_of(std::size_t step) { return static_cast<double>(step) / (kSteps - 1) * 2 - 1; }
    std::vector<std::int64_t> counts_ = std::vector<std::int64_t>(kSteps, 0);
    std::int64_t pairs_ = 0;
};

/// Below, no list of label errors is asked.
constexpr double kSuspicious = 0.2;

std::string person_of(const std::string& path) {
    return path.substr(0, path.find('/'));
}

double product(const Template& a, const Template& b) {
    float sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

/// Two names under which one person appears.
using Names = std::pair<std::string, std::string>;

std::set<Names> read_label_errors(const std::string& folder) {
    std::set<Names> errors;
    std::ifstream file(folder + "/label_errors.txt");
    if (!file) throw std::runtime_error("there is no label_errors.txt in " + folder);
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        Names names;
        if (!line.starts_with('#') && words >> names.first >> names.second) {
            errors.insert(names);
            errors.insert({names.second, names.first});
        }
    }
    return errors;
}

/// Shares of pairs of one person that are told to be one, where this share of pairs of different people is,
/// too (ISO/IEC 19795: true accept rate at a false match rate).
json true_accepts(const std::map<std::string, Template>& templates, const std::set<Names>& label_errors,
                  double threshold_distance) {
    Scores same;
    Scores strangers;
    for (auto a = templates.begin(); a != templates.end(); ++a) {
        const std::string person = person_of(a->first);
        for (auto b = std::next(a); b != templates.end(); ++b) {
            const std::string other = person_of(b->first);
            if (other == person) {
                same.add(product(a->second, b->second));
            } else if (const double score = product(a->second, b->second);
                       score < kSuspicious || !label_errors.contains({person, other})) {
                strangers.add(score);
            }
        }
    }
    json rates = json::array();
    for (const double rate : {1e-3, 3.3e-4, 1e-4, 1e-5, 5e-6, 2e-6, 1e-6}) {
        const double score = strangers.reached_by(rate);
        rates.push_back({{"fmr", rate},
                         {"score", score},
                         {"distance", std::sqrt(std::max(0.0, 2 - 2 * score))},
                         {"tar", same.share_from(score)}});
    }
    const double threshold = 1 - threshold_distance * threshold_distance / 2;
    return {{"same_pairs", same.pairs()},
            {"stranger_pairs", strangers.pairs()},
            {"rates", rates},
            {"default_threshold",
             {{"distance", threshold_distance},
              {"fmr", strangers.share_from(threshold)},
              {"tar", same.share_from(threshold)}}}};
}

struct Distances {
    std::vector<Pair> pairs;
    std::vector<double> values;
    json all_pairs;
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

json verification(const Distances& d) {
    std::vector<double> folds;
    std::vector<double> thresholds;
    for (int fold = 1; fold <= 5; ++fold) {
        double best = 0;
        double best_accuracy = -1;
        for (double t = 0.20; t < 1.40; t += 0.005) {
            const double accuracy = accuracy_at(d, t, fold, false);
            if (accuracy > best_accuracy) best_accuracy = accuracy, best = t;
        }
        folds.push_back(accuracy_at(d, best, fold, true));
        thresholds.push_back(best);
    }
    double mean = 0;
    for (const double f : folds) mean += f / static_cast<double>(folds.size());

    return {{"pairs", d.pairs.size()}, {"images", d.images}, {"missed", d.missed},
            {"accuracy", mean},        {"folds", folds},     {"fold_thresholds", thresholds},
            {"all_pairs", d.all_pairs}};
}

Distances measure(const Models& models, const face::Aligner& aligner,
                  const std::map<std::string, Face>& faces, const std::vector<Pair>& pairs,
                  const std::set<Names>& label_errors) {
    face::Workspace workspace;
    std::map<std::string, Template> templates;
    Distances result{pairs, {}, {}, faces.size(), 0};
    for (const auto& [path, found] : faces) {
        // A missed face is scored as the whole picture's middle, as the benchmark wants an answer for every
        // pair.
        result.missed += !found.box;
        const findme::Box box = found.box.value_or(findme::Box{0.3F, 0.25F, 0.4F, 0.5F});
        face::FaceChips chips(found.image, {aligner.align(found.image, box)});
        templates[path] = models.recogniser->describe(chips, workspace).front();
    }
    result.all_pairs = true_accepts(templates, label_errors, models.manifest.calibration.threshold_distance);
    for (const auto& pair : pairs)
        result.values.push_back(findme::search::distance(templates[pair.a], templates[pair.b]));
    return result;
}

/// Those of the pairs, and all others of the set.
std::map<std::string, Face> detect_all(const Models& models, const std::string& folder,
                                       const std::vector<Pair>& pairs, bool all) {
    std::set<std::string> paths;
    for (const auto& pair : pairs) paths.insert({pair.a, pair.b});
    const fs::path images = folder + "/images";
    for (const auto& entry : fs::recursive_directory_iterator(images)) {
        const std::string path = entry.path().lexically_relative(images).string();
        if (all && entry.is_regular_file()) paths.insert(path);
    }
    face::Workspace workspace;
    std::map<std::string, Face> faces;
    for (const auto& path : paths) {
        Face found{load(folder + "/images/" + path), {}};
        found.box = central_face(models.detector->detect(found.image, workspace));
        faces.emplace(path, std::move(found));
    }
    return faces;
}

json lfw(const std::string& models_dir, const std::string& folder, const Wanted& wanted) {
    const Models models(models_dir, wanted);
    const auto pairs = read_pairs(folder);
    const auto faces = detect_all(models, folder, pairs, true);
    return verification(measure(models,
                                face::Aligner(face::read_landmark_model(models.landmarks), models.box), faces,
                                pairs, read_label_errors(folder)));
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
    const auto faces = detect_all(models, folder, pairs, false);
    json grid = json::array();
    for (const auto& box : boxes) {
        const auto result =
            verification(measure(models, face::Aligner(face::read_landmark_model(models.landmarks), box),
                                 faces, pairs, read_label_errors(folder)));
        grid.push_back({{"side", box.side},
                        {"centre_down", box.centre_down},
                        {"accuracy", result["accuracy"]},
                        {"all_pairs", result["all_pairs"]}});
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
    while (words.size() > 1 && words[0].starts_with("--")) {
        if (words[0] != "--detector" && words[0] != "--recogniser") break;
        (words[0] == "--detector" ? wanted.detector : wanted.recogniser) = words[1];
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
        std::fprintf(
            stderr,
            "usage: accuracy [--detector FILE] [--recogniser ID] lfw|wider|box MODELS_DIR DATA_DIR\n");
        return 2;
    }
    std::printf("%s\n", result.dump().c_str());
    return 0;
}
