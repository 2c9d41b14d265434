#pragma once

#include <string>
#include <string_view>

namespace findme::config {

/// The text with the password of a `scheme://user:password@host` URL, and of a `password=` parameter, masked.
[[nodiscard]] std::string redact_url(std::string_view text);

[[nodiscard]] bool is_like_url(std::string_view text);

/// A key as a message may repeat it, in quotes: what somebody wrote in a key's place may be a URL.
[[nodiscard]] std::string shown_key(std::string_view key);

/// Whether there is a password that redact_url() masks; an empty one is none.
[[nodiscard]] bool holds_password(std::string_view text);

}  // namespace findme::config
