#include "config/redact.hpp"

#include <algorithm>

namespace findme::config {

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
    constexpr std::string_view kParameter = "password=";
    for (auto found = safe.find(kParameter); found != std::string::npos;
         found = safe.find(kParameter, found + 1)) {
        const auto begin = found + kParameter.size();
        // In libpq's `host=... password=...` a blank need not end a password: nothing behind it is shown.
        const auto end = is_url ? std::min(safe.find('&', begin), safe.size()) : safe.size();
        safe.replace(begin, end - begin, "***");
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
