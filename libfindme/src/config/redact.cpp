#include "config/redact.hpp"

#include <algorithm>

namespace findme::config {

std::string redact_url(std::string_view text) {
    std::string safe(text);
    const auto scheme = safe.find("://");
    if (scheme == std::string::npos) return safe;
    const auto authority = scheme + 3;
    // A password may itself hold "@", "/" and "?": the last "@" ends it.
    const auto at = safe.rfind('@');
    if (at != std::string::npos && at > authority) {
        const auto colon = safe.find(':', authority);
        if (colon < at) safe.replace(colon + 1, at - colon - 1, "***");
    }
    constexpr std::string_view kParameter = "password=";
    for (auto found = safe.find(kParameter); found != std::string::npos;
         found = safe.find(kParameter, found + 1)) {
        const auto begin = found + kParameter.size();
        const auto end = std::min(safe.find('&', begin), safe.size());
        safe.replace(begin, end - begin, "***");
    }
    return safe;
}

}  // namespace findme::config
