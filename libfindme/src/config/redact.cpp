#include "config/redact.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace findme::config {

namespace {

/// `password`, `sslpassword`, and each with letters written as `%6F`.
bool names_password(std::string_view name) {
    std::string plain;
    for (std::size_t i = 0; i < name.size(); ++i) {
        unsigned code = 0;
        const char* digits = name.data() + i + 1;
        const bool is_escape = name[i] == '%' && i + 2 < name.size() &&
                               std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2;
        plain += is_escape ? static_cast<char>(code) : name[i];
        if (is_escape) i += 2;
    }
    return base::to_lower_ascii(plain).find("password") != std::string::npos;
}

}  // namespace

bool is_like_url(std::string_view text) {
    return text.find("//") != std::string_view::npos || text.find('@') != std::string_view::npos;
}

std::string shown_key(std::string_view key) {
    return is_like_url(key) ? "(which looks like a URL)" : base::quoted(key);
}

std::string redact_url(std::string_view text) {
    std::string safe(text);
    const auto scheme = safe.find("://");
    const bool is_url = scheme != std::string::npos;
    const auto authority = is_url ? scheme + 3 : 0;
    // A password may itself hold "@", "/" and "?": the last "@" ends it.
    const auto at = is_url ? safe.rfind('@') : std::string::npos;
    if (at != std::string::npos && at > authority) {
        const auto colon = safe.find(':', authority);
        if (colon < at) safe.replace(colon + 1, at - colon - 1, "***");
    }
    for (auto equals = safe.find('='); equals != std::string::npos; equals = safe.find('=', equals + 1)) {
        const auto name = safe.find_last_of("?& ", equals);
        const auto begin = name == std::string::npos ? 0 : name + 1;
        if (!names_password(std::string_view(safe).substr(begin, equals - begin))) continue;
        // In libpq's `host=... password=...` a blank need not end a password: nothing behind it is shown.
        const auto end = is_url ? std::min(safe.find('&', equals), safe.size()) : safe.size();
        safe.replace(equals + 1, end - equals - 1, "***");
    }
    return safe;
}

bool holds_password(std::string_view text) {
    // With every mask taken out again, what had a password is shorter than it was.
    std::string rest = redact_url(text);
    for (auto mask = rest.find("***"); mask != std::string::npos; mask = rest.find("***", mask)) {
        rest.erase(mask, 3);
    }
    return rest.size() < text.size() && redact_url(text) != text;
}

}  // namespace findme::config
