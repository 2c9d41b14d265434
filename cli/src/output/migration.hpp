#pragma once

#include <string>

#include "context.hpp"
#include "findme/migrate.hpp"

namespace findme::cli {

/// `0003 account_per_event`, `repair`.
std::string step_label(const PlannedStep& step);

/// As text the SQL alone, ready for psql or sqlite3, with the id and what it would lose on the error stream.
void print_plan(Context& context, const MigrationPlan& plan);
/// What was run.
void print_run(Context& context, const MigrationPlan& plan);
void print_status(Context& context, const MigrationStatus& status);
void print_verify(Context& context, const VerifyReport& report);
/// What was repaired, and what it could not mend; as JSON one document of both.
void print_repair(Context& context, const MigrationPlan& done, const VerifyReport& left);
void print_adoption(Context& context, const AdoptionPlan& adoption, bool dry_run);

}  // namespace findme::cli
