#pragma once

#include <string>

namespace findme::cli {

/// A configuration file that says nothing yet: every setting with its default, commented out and explained.
/// examples/findme.yaml is this text.
[[nodiscard]] std::string config_template();

/// man/findme.yaml.5, in mdoc.
[[nodiscard]] std::string config_page();

}  // namespace findme::cli
