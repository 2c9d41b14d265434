#pragma once

#include <span>
#include <string>
#include <string_view>

#include "findme/config.hpp"

namespace findme::config {

/// One setting: the single place that knows its key, its unit, its range and the field it fills.
struct Setting {
    std::string_view key;   ///< Dotted path in the file, as in `image.max_side_px`.
    std::string_view unit;  ///< Empty when it has none.
    std::string_view help;
    /// Parses and stores. @return empty, or what a good value looks like.
    std::string (*set)(Config& config, std::string_view text);
    std::string (*get)(const Config& config);
};

[[nodiscard]] std::span<const Setting> settings();

/// `image.max_side_px` -> `FINDME_IMAGE_MAX_SIDE_PX`.
[[nodiscard]] std::string variable_of(const Setting& setting);

}  // namespace findme::config
