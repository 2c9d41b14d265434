#pragma once

#include <string>
#include <vector>

#include "findme/model.hpp"

// A user's own detector lies in a models folder under a name that findme gave it, KIND-SHA256.onnx: what it
// is and what it must hash to are known without reading it.

namespace findme::face {

/// Every detector a user added, in the order of the folders and of their names.
[[nodiscard]] std::vector<ModelFile> added_detectors(const std::vector<std::string>& folders);

/// The manifest with the detector that is to be worked with in the place of the release's own, and the
/// calibration that goes with it.
/// @param    wanted  `auto`: the added one where there is one. Else an id, or at least 8 digits of a SHA-256.
/// @errors   throws Error{config_invalid} when several were added and `auto` would have to guess,
///           Error{model_missing} when the wanted one is not there.
[[nodiscard]] ModelManifest with_detector(ModelManifest manifest, const std::vector<std::string>& folders,
                                          const std::string& wanted);

struct AddedModel {
    ModelFile model;
    bool is_new = false;  ///< Else a good copy was there already.
};

/// Copies a file into the first folder, when it is a detector that findme runs or one of the release's own
/// model files. A file that is there already is left as it is.
/// @errors   throws Error{file_unreadable}, Error{invalid_argument} for any other file, Error{already_exists}
///           when another detector was added before, Error{file_unwritable, store_full}.
AddedModel add_model_file(const ModelManifest& manifest, const std::vector<std::string>& folders,
                          const std::string& file);

/// Removes an added detector.
/// @param    id  its id, or at least 8 digits of its SHA-256.
/// @errors   throws Error{not_found}, Error{file_unwritable}.
ModelFile remove_model_file(const std::vector<std::string>& folders, const std::string& id);

}  // namespace findme::face
