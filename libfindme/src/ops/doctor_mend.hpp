#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "db/connection.hpp"

namespace findme::ops {

/// Who mends, for the audit.
[[nodiscard]] std::string doctor_actor();

/// Changes rows in one transaction and says so in the audit: a mend that cannot be told is not done.
/// @param check  the finding's name. @param work  returns how many rows it changed.
void mend_rows(db::Connection& connection, const std::string& check,
               const std::function<std::int64_t(db::Connection&)>& work);

}  // namespace findme::ops
