#include "ops/doctor_schema.hpp"

#include <algorithm>
#include <array>

#include "store/doctor_repository.hpp"
#include "store/schema_facts.hpp"

namespace findme::ops {
namespace {

std::string step_name(const MigrationInfo& step) {
    return std::to_string(step.version) + " (" + step.name + ")";
}

/// What `migrate status` knows. @return whether the rows can be looked at.
bool check_steps(CheckRun& run, const MigrationStatus& status) {
    if (status.current == 0) {
        run.add(Severity::error, ErrorCode::schema_outdated, "absent",
                status.adoptable ? "the database holds tables that findme did not make"
                                 : "the database holds no findme schema",
                status.adoptable ? "`findme migrate adopt --dry-run` says whether it can be taken over"
                                 : "run `findme migrate`");
        return false;
    }
    bool current = true;
    std::string pending;
    for (const MigrationInfo& step : status.steps) {
        switch (step.state) {
            case MigrationState::pending:
                pending += (pending.empty() ? "" : ", ") + step_name(step);
                break;
            case MigrationState::altered:
                run.add(Severity::error, ErrorCode::schema_mismatch, "altered",
                        "step " + step_name(step) + " was applied with another text than this findme has",
                        "find out which text is right; `findme migrate repair --accept-checksums` accepts "
                        "this one");
                break;
            case MigrationState::unknown:
                current = false;
                run.add(Severity::error, ErrorCode::schema_too_new, "too_new",
                        "step " + step_name(step) + " was applied by a newer findme",
                        "use the newer findme that made it");
                break;
            case MigrationState::applied:
            case MigrationState::baseline:
                break;
        }
    }
    if (pending.empty()) return current;
    run.add(Severity::error, ErrorCode::schema_outdated, "pending", "steps are pending: " + pending,
            "run `findme migrate`");
    return false;
}

/// `index` of `index users_email_event_unique`.
std::string kind_of(const SchemaDifference& difference) {
    return difference.object.substr(0, difference.object.find(' '));
}

bool is_old_rule(const SchemaDifference& difference, const std::vector<std::string>& old_rules) {
    return std::any_of(old_rules.begin(), old_rules.end(), [&](const std::string& rule) {
        return difference.object == "index " + rule || difference.object == "constraint users." + rule;
    });
}

void add_difference(std::vector<Finding>& findings, const SchemaDifference& difference, bool invalid) {
    const bool extra = difference.kind == SchemaDifference::Kind::extra;
    Finding finding;
    finding.check =
        "schema." + kind_of(difference) + "_" + (invalid ? "invalid" : to_string(difference.kind).data());
    finding.severity = extra ? Severity::warning : Severity::error;
    finding.code = ErrorCode::schema_mismatch;
    finding.message = "the " + difference.object +
                      (invalid ? " is INVALID: an interrupted run left it half made"
                       : extra ? " is not part of findme's schema"
                       : difference.kind == SchemaDifference::Kind::missing
                           ? " is missing"
                           : " is not as findme makes it (`findme migrate verify` shows both)");
    finding.fixable = difference.repairable;
    finding.remedy = difference.repairable
                         ? "`findme migrate repair` makes it again, and so does `findme doctor --fix`"
                     : extra ? "drop it, unless another program needs it"
                             : "restore it as `findme migrate verify` shows it";
    findings.push_back(std::move(finding));
}

/// Differences as findings; those that the other checks tell of are left out.
std::vector<Finding> look(Migrator& migrator, db::Connection& connection) {
    const VerifyReport report = migrator.verify();
    const auto old_rules = store::old_user_rules(connection);
    auto invalid = store::invalid_indexes(connection);
    std::vector<Finding> findings;
    for (const SchemaDifference& difference : report.differences) {
        if (difference.accepted || is_old_rule(difference, old_rules)) continue;
        const auto half_made = std::find_if(invalid.begin(), invalid.end(), [&](const std::string& name) {
            return difference.object == "index " + name;
        });
        const bool is_invalid = half_made != invalid.end();
        if (is_invalid) invalid.erase(half_made);
        add_difference(findings, difference, is_invalid);
    }
    for (const std::string& name : invalid) {
        findings.push_back({"schema.index_invalid", Severity::warning, ErrorCode::schema_mismatch,
                            "the index " + name + ", which findme did not make, is INVALID",
                            "drop it, or make it again with REINDEX INDEX CONCURRENTLY", false, false});
    }
    return findings;
}

bool is_same(const Finding& a, const Finding& b) {
    return a.check == b.check && a.message == b.message;
}

/// One repair mends all that can be mended; what it mended is what is no longer found.
void mend(Migrator& migrator, db::Connection& connection, std::vector<Finding>& findings) {
    try {
        MigrationObserver silent;
        migrator.repair(AlteredFiles::refuse, silent);
        const auto left = look(migrator, connection);
        for (Finding& finding : findings) {
            finding.fixed = std::none_of(left.begin(), left.end(),
                                         [&](const Finding& other) { return is_same(finding, other); });
        }
    } catch (const Error& error) {
        for (Finding& finding : findings) {
            if (finding.fixable) finding.message += "; mending it failed: " + error.info().message;
        }
    }
}

void compare(CheckRun& run, Migrator& migrator, db::Connection& connection, const std::string& steps) {
    std::vector<Finding> findings;
    try {
        findings = look(migrator, connection);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::store_denied && error.code() != ErrorCode::store_read_only) throw;
        return run.see(steps + "; not compared with its tables: no schema may be made beside it");
    }
    run.see(steps);
    const bool mendable =
        std::any_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.fixable; });
    if (mendable && run.repairs() == Repairs::safe) mend(migrator, connection, findings);
    for (Finding& finding : findings) run.findings().push_back(std::move(finding));
}

}  // namespace

bool check_schema(CheckRun& run, Migrator& migrator, db::Connection& connection) {
    const MigrationStatus status = migrator.status();
    const std::string steps =
        "step " + std::to_string(status.current) + " of " + std::to_string(status.newest);
    run.see(steps);
    const bool current = check_steps(run, status);
    if (status.current > 0 && status.current <= status.newest) compare(run, migrator, connection, steps);
    return current;
}

}  // namespace findme::ops
