#pragma once

#include <string>
#include <string_view>

namespace findme::config {

/// The text with the password of a `scheme://user:password@host` URL, and of a `password=` parameter, masked.
[[nodiscard]] std::string redact_url(std::string_view text);

/// Whether there is a password that redact_url() masks; an empty one is none.
[[nodiscard]] bool holds_password(std::string_view text);

}  // namespace findme::config
