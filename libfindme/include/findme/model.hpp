#pragma once

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
    std::string kind;     ///< Of a detector: `rfb`, `yunet`.
};

/// How a template distance reads, measured for one kind of model.
struct Calibration {
    ModelId model;
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
    Calibration calibration;  ///< Without a model: that is named after the detector's file.
};

/// All models of a release. Embedded in the library.
struct ModelManifest {
    std::vector<ModelFile> files;
    Calibration calibration;  ///< With the detector among the files.
    std::string templates;    ///< What a ModelId begins with; the detector's id follows.
    std::vector<DetectorKind> detectors;
};

/// How a template distance reads where this detector, a file of the manifest or an added one, made the boxes.
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
    bool in_use = true;  ///< Whether findme works with it: another detector may be in its place.
};

/// 0-100: 70 at the calibrated threshold, 100 and 0 at the two outer distances, straight lines between.
FINDME_API double score_of(double distance, const Calibration& calibration) noexcept;
/// The distance at which score_of gives `score`.
FINDME_API double distance_of(double score, const Calibration& calibration) noexcept;

inline constexpr double kThresholdScore = 70;

}  // namespace findme
