#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "findme/model.hpp"

namespace findme::face {

/// Looks for one model file in each folder in turn and hashes what it finds.
[[nodiscard]] ModelCheck check_model(const ModelFile& model, const std::vector<std::string>& folders);

/// What the files' jobs are called in the manifest.
inline constexpr std::string_view kDetector = "detector";
inline constexpr std::string_view kLandmarks = "landmarks";
inline constexpr std::string_view kRecognition = "recognition";

/// The manifest with one recogniser alone, and the recognition networks that it needs.
/// @param    wanted  `auto`: the first one. Else an id.
/// @errors   throws Error{config_invalid} when there is none of that id.
[[nodiscard]] ModelManifest with_recogniser(ModelManifest manifest, const std::string& wanted);

/// The first model with this job.
/// @errors throws Error{internal} when there is none.
[[nodiscard]] const ModelFile& model_file(const ModelManifest& manifest, std::string_view job);

/// The bytes of a model, hashed before they are believed.
/// @errors throws Error{model_missing, model_corrupt}; the message names the file and the command that mends
/// it.
[[nodiscard]] std::vector<std::uint8_t> load_model(const ModelFile& model,
                                                   const std::vector<std::string>& folders);
/// Those of the first model with this job.
[[nodiscard]] std::vector<std::uint8_t> load_model(const ModelManifest& manifest, std::string_view job,
                                                   const std::vector<std::string>& folders);

/// Where a model file is, unread: in the first folder that has one of its name.
/// @return empty when none has.
[[nodiscard]] std::string model_path(const ModelFile& model, const std::vector<std::string>& folders);

}  // namespace findme::face
