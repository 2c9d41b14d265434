#pragma once

#include <string_view>

#include "findme/model.hpp"

namespace findme::config {

/// The manifest built into the library, from libfindme/models/manifest.yaml.
[[nodiscard]] std::string_view embedded_manifest_yaml();

/// @errors throws Error{config_invalid} when the text is not a manifest.
[[nodiscard]] ModelManifest parse_manifest(std::string_view yaml);

}  // namespace findme::config
