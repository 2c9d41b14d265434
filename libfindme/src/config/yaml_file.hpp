#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace findme::config {

/// What one line of a configuration file gives.
struct YamlValue {
    std::string key;  ///< Whole: `index.jobs`, whether it was grouped or dotted.
    std::string value;
    int line = 0;
};

struct YamlProblem {
    std::string what;
    int line = 0;
};

struct YamlFile {
    std::vector<YamlValue> values;
    std::vector<YamlProblem> problems;  ///< In the order of their lines.
};

/// Takes a file apart: groups, keys and single values, and nothing else that YAML can do.
/// @errors never throws of the text; what is wrong with it is in the result.
[[nodiscard]] YamlFile parse_yaml(std::string_view text);

}  // namespace findme::config
