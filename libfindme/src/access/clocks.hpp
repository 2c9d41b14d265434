#pragma once

#include "access/parts.hpp"

namespace findme::access {

/// For what erases, before it does: whoever is a day or more away from the database is wrong about what is to
/// go, or about which database this is, and what is erased does not come back. An embedded database has no
/// clock of its own to differ from.
/// @errors throws Error{clocks_differ} that names both times.
void require_agreed_clocks(db::Connection& connection, const Clock& clock);
void require_agreed_clocks(const Parts& parts);

}  // namespace findme::access
