#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "findme/export.hpp"

namespace findme {

/// The release, as in `0.1.0`.
FINDME_API std::string_view version() noexcept;

/// What the library was built with and runs on, for bug reports: pairs of name and version.
FINDME_API std::vector<std::pair<std::string, std::string>> build_info();

}  // namespace findme
