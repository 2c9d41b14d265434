#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "findme/config.hpp"

namespace findme::config {

/// The member of Config, or of its image limits, that a setting fills.
using Field = std::variant<std::string Config::*, int Config::*, double Config::*, bool Config::*,
                           LogLevel Config::*, LogFormat Config::*, ModelPrecision Config::*,
                           int ImageLimits::*, std::size_t ImageLimits::*, std::int64_t ImageLimits::*>;

/// Least and most value of a number.
struct Range {
    double least = 0;
    double most = 0;
};

/// One setting: the single place that knows its key, its unit, its range and the field it fills. The default
/// is what a Config has.
struct Setting {
    std::string_view key;  ///< Dotted path in the file, as in `image.max_side_px`.
    Field field;
    ConfigType text_type = ConfigType::text;  ///< What a text means; other types follow from the field.
    Range range = {};
    std::string_view unit = {};  ///< Empty when it has none.
    std::string_view help = {};  ///< One line: a sentence without its full stop.
    std::string_view details = {};
    std::string_view flag = {};     ///< As in `index --jobs`.
    std::string_view example = {};  ///< Where the default is empty.

    /// Parses and stores. @return empty, or what a good value looks like.
    [[nodiscard]] std::string set(Config& config, std::string_view text) const;
    [[nodiscard]] std::string get(const Config& config) const;
    [[nodiscard]] ConfigType type() const;
    [[nodiscard]] std::vector<std::string> choices() const;
    /// As in ConfigEntry.
    [[nodiscard]] std::string range_text() const;
};

[[nodiscard]] std::span<const Setting> settings();
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> groups();

/// `image.max_side_px` -> `FINDME_IMAGE_MAX_SIDE_PX`.
[[nodiscard]] std::string variable_of(const Setting& setting);

/// The setting with this key, or null.
[[nodiscard]] const Setting* find_setting(std::string_view key);
/// Whether it is a group's name: `image`.
[[nodiscard]] bool is_group(std::string_view name);
/// ` (did you mean ...?)`, or empty.
[[nodiscard]] std::string nearest_key(std::string_view key);

}  // namespace findme::config
