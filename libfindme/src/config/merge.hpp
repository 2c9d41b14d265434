#pragma once

#include <array>
#include <string>
#include <string_view>

#include "config/config_file.hpp"
#include "config/settings.hpp"
#include "findme/config.hpp"

namespace findme::config {

/// The value of a variable, or empty.
[[nodiscard]] std::string_view variable(const Environment& environment, std::string_view name);
/// `$XDG_<kind>_HOME/findme`, else `$HOME/<fallback>/findme`, else empty.
[[nodiscard]] std::string xdg_dir(const Environment& environment, std::string_view name,
                                  std::string_view fallback);

/// Lays the sources over each other, from the weakest to the strongest, and notes what is wrong with each.
class Merge {
  public:
    Merge();
    void read(const ConfigSources& sources);
    /// With the values as they may be shown.
    [[nodiscard]] ConfigReport finish();

  private:
    void set(std::string_view key, std::string_view value, ConfigOrigin origin, const std::string& source);
    void read_file(const std::string& path, ConfigOrigin origin, Named named);
    void complain(const std::string& where, const std::string& what,
                  ErrorCode code = ErrorCode::config_invalid);

    ConfigReport report_;
    std::size_t left_out_ = 0;  ///< Problems beyond those that are listed.
};

}  // namespace findme::config
