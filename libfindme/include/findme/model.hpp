#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "findme/export.hpp"
#include "findme/ids.hpp"

namespace findme {

/// One file that findme needs, as the manifest describes it.
struct ModelFile {
    std::string id;      ///< Short name.
    std::string job;     ///< `detector`, `landmarks`, `recognition`.
    std::string file;    ///< Name within the models folder.
    std::string sha256;  ///< 64 hexadecimal digits.
    std::string licence;
    std::string package;  ///< npm package name and exact version it comes from.
    std::string path;     ///< Within the package.
};

/// How a template distance reads, measured for one model.
struct Calibration {
    ModelId model;
    double threshold_distance = 0;  ///< At or below: the same person.
    double same_distance = 0;       ///< At or below: score 100.
    double stranger_distance = 0;   ///< At or above: score 0.
};

/// All models of a release. Embedded in the library.
struct ModelManifest {
    std::vector<ModelFile> files;
    Calibration calibration;
};

enum class ModelState { good, missing, altered };
/// `good`, `missing`, `altered`.
FINDME_API std::string_view to_string(ModelState state) noexcept;

/// A model file as it was found.
struct ModelCheck {
    ModelFile model;
    std::string path;  ///< Where it is, or where it was looked for last.
    ModelState state = ModelState::missing;
    std::string remedy;  ///< What to do unless it is good.
};

/// 0-100: 70 at the calibrated threshold, 100 and 0 at the two outer distances, straight lines between.
FINDME_API double score_of(double distance, const Calibration& calibration) noexcept;
/// The distance at which score_of gives `score`.
FINDME_API double distance_of(double score, const Calibration& calibration) noexcept;

inline constexpr double kThresholdScore = 70;

}  // namespace findme
