#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "findme/export.hpp"
#include "findme/ids.hpp"

namespace findme {

/// One file that findme needs, as the manifest describes it; or a user's own, which has no licence, package
/// or path.
struct ModelFile {
    std::string id;      ///< Short name.
    std::string job;     ///< `detector`, `landmarks`, `recognition`.
    std::string file;    ///< Name within the models folder.
    std::string sha256;  ///< 64 hexadecimal digits.
    std::string licence;
    std::string package;  ///< npm package name and exact version it comes from.
    std::string path;     ///< Within the package.
    std::string kind;  ///< Of a detector: `rfb`, `yunet`; of a recognition network: `dlib-resnet`, `arcface`.
};

/// How a template distance reads, measured for one recogniser.
struct Calibration {
    ModelId model;
    std::size_t template_size = 0;  ///< Numbers of a template.
    double threshold_distance = 0;  ///< At or below: the same person.
    double same_distance = 0;       ///< At or below: score 100.
    double stranger_distance = 0;   ///< At or above: score 0.
};

/// What was measured for one kind of detector.
struct DetectorKind {
    std::string kind;  ///< `rfb`, `yunet`.
    /// From its box to the square that the landmarks are looked for in; fractions of the box height.
    double box_side = 0;
    double box_centre_down = 0;
};

/// One of the networks that a template is made of.
struct RecognitionNetwork {
    std::string file;   ///< Id of its model file.
    double weight = 1;  ///< Of its unit vector, beside the others'.
    /// A face's mirror image goes through the network as well, and the mean of both counts.
    bool with_mirror = false;
};

/// What makes templates, and how their distances read.
struct RecogniserKind {
    std::string id;
    std::vector<RecognitionNetwork> networks;
    Calibration calibration;  ///< Without a model: that is named after the detector's file as well.
};

/// All models of a release. Embedded in the library.
struct ModelManifest {
    std::vector<ModelFile> files;
    Calibration calibration;                  ///< Of the first recogniser, with the detector among the files.
    std::vector<RecogniserKind> recognisers;  ///< The one in use first.
    std::vector<DetectorKind> detectors;
};

/// How a template distance of the first recogniser reads where this detector, a file of the manifest or an
/// added one, made the boxes.
/// @errors throws Error{config_invalid} when nothing was measured for its kind.
FINDME_API Calibration calibration_of(const ModelManifest& manifest, const ModelFile& detector);

enum class ModelState { good, missing, altered };
/// `good`, `missing`, `altered`.
FINDME_API std::string_view to_string(ModelState state) noexcept;

/// A model file as it was found.
struct ModelCheck {
    ModelFile model;
    std::string path;  ///< Where it is, or where it was looked for last.
    ModelState state = ModelState::missing;
    std::string remedy;  ///< What to do unless it is good.
    bool in_use = true;  ///< Whether findme works with it: another may be in its place.
};

/// Nothing is to be done about it: what is not in use may be missing.
[[nodiscard]] inline bool is_fine(const ModelCheck& check) noexcept {
    return check.state == ModelState::good || (check.state == ModelState::missing && !check.in_use);
}

/// 0-100: 70 at the calibrated threshold, 100 and 0 at the two outer distances, straight lines between.
FINDME_API double score_of(double distance, const Calibration& calibration) noexcept;
/// The distance at which score_of gives `score`.
FINDME_API double distance_of(double score, const Calibration& calibration) noexcept;

inline constexpr double kThresholdScore = 70;

}  // namespace findme
