#pragma once

#include "db/connection.hpp"
#include "findme/migrate.hpp"
#include "ops/doctor_check.hpp"

namespace findme::ops {

/// The schema against this binary: steps, and what they make against what is there.
/// @param connection  to the database that the migrator works on.
/// @return whether it is the one this binary works with, so that its rows can be looked at.
bool check_schema(CheckRun& run, Migrator& migrator, db::Connection& connection);

}  // namespace findme::ops
