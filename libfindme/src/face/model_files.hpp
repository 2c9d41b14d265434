#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "findme/model.hpp"

namespace findme::face {

/// Looks for one model file in each folder in turn and hashes what it finds.
[[nodiscard]] ModelCheck check_model(const ModelFile& model, const std::vector<std::string>& folders);

/// The bytes of the model with this job, hashed before they are believed.
/// @errors throws Error{model_missing, model_corrupt}; the message names the file and the command that mends
/// it.
[[nodiscard]] std::vector<std::uint8_t> load_model(const ModelManifest& manifest, std::string_view job,
                                                   const std::vector<std::string>& folders);

/// Where a model file is, unread: in the first folder that has one of its name.
/// @return empty when none has.
[[nodiscard]] std::string model_path(const ModelFile& model, const std::vector<std::string>& folders);

}  // namespace findme::face
