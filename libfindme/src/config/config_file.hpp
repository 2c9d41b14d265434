#pragma once

#include <string>

#include "findme/result.hpp"

namespace findme::config {

/// Where the name of a file comes from.
enum class Named {
    by_convention,  ///< Only a regular file is meant.
    by_the_user,  ///< It may be a FIFO or a descriptor, as a shell's <(...) makes one; reading waits for it.
};

struct ConfigText {
    std::string text;
    bool others_may_read = false;  ///< It is a file that its group, or anybody, can read.
};

/// The whole of a configuration file, of 1 MiB at most.
/// @errors config_invalid.
[[nodiscard]] Result<ConfigText> read_config_file(const std::string& path, Named named);

}  // namespace findme::config
