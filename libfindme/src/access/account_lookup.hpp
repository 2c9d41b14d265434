#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"
#include "findme/account.hpp"
#include "store/account_repository.hpp"

namespace findme::access {

/// Whom a name means where somebody wants to come in, or why nobody.
struct LoginLookup {
    std::optional<store::AccountRecord> found;
    std::string_view rule;  ///< Without one: `unknown_account`, `unknown_event` or `ambiguous_event`.
};

/// With an event code its own guest, then one who joined it, then staff; without one staff, then the only
/// guest.
[[nodiscard]] LoginLookup find_login(db::Connection& connection, std::string_view name,
                                     std::string_view event_code);

/// A username as it is compared: NFC, without blanks at its ends. Bytes that are no UTF-8 stay as they are.
[[nodiscard]] std::string normal_name(std::string_view name);

/// What a password of this account must not be made of.
[[nodiscard]] std::vector<std::string> context_words(const std::string& username, const std::string& email,
                                                     const std::string& event_name);
/// The same for an account that is there, with all events it belongs to.
[[nodiscard]] std::vector<std::string> context_words(db::Connection& connection, const Account& account);

}  // namespace findme::access
