#include "base/text.hpp"
#include "findme/account.hpp"

namespace findme {

std::string_view to_string(Role role) noexcept {
    switch (role) {
        case Role::guest:
            return "guest";
        case Role::photographer:
            return "photographer";
        case Role::admin:
            return "admin";
    }
    return "guest";
}

Result<Role> role_from_string(std::string_view text) {
    if (text == "user") return Role::guest;
    for (const Role role : {Role::guest, Role::photographer, Role::admin}) {
        if (text == to_string(role)) return role;
    }
    return ErrorInfo{ErrorCode::invalid_argument,
                     "there is no role " + base::quoted(text) + ": say guest, photographer or admin",
                     std::string(text)};
}

}  // namespace findme
