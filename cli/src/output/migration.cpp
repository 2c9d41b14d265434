#include "output/migration.hpp"

#include "output/json.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

std::string padded(std::int64_t version) {
    std::string digits = std::to_string(version);
    digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
    return digits;
}

/// One object, by the format asked for.
void write_object(Context& context, const Json& json) {
    if (context.options.output == OutputFormat::jsonl) {
        write_line(context.out(), json);
    } else {
        write_document(context.out(), json);
    }
}

Json to_json(const PlannedStep& step) {
    Json json = {{"version", step.version},
                 {"name", step.name},
                 {"direction", to_string(step.direction)},
                 {"transactional", step.transactional},
                 {"statements", Json::array()},
                 {"losses", Json::array()},
                 {"notes", step.notes}};
    for (const auto& statement : step.statements) {
        json["statements"].push_back({{"sql", statement.sql}, {"repeat", statement.repeat}});
    }
    for (const auto& loss : step.losses)
        json["losses"].push_back({{"object", loss.object}, {"rows", loss.rows}});
    return json;
}

Json to_json(const MigrationPlan& plan, const char* type) {
    Json json = {{"type", type},      {"v", 1},        {"plan_id", plan.id},    {"database", plan.database},
                 {"from", plan.from}, {"to", plan.to}, {"steps", Json::array()}};
    for (const auto& step : plan.steps) json["steps"].push_back(to_json(step));
    return json;
}

Json to_json(const MigrationInfo& step) {
    Json json = {
        {"version", step.version},          {"name", step.name},     {"state", to_string(step.state)},
        {"checksum", step.checksum},        {"applied_at", nullptr}, {"applied_by", step.applied_by},
        {"execution_ms", step.execution_ms}};
    if (step.applied_at) json["applied_at"] = to_iso8601(*step.applied_at);
    return json;
}

Json to_json(const MigrationStatus& status) {
    Json json = {{"type", "migration_status"},    {"v", 1},
                 {"database", status.database},   {"current", status.current},
                 {"newest", status.newest},       {"baseline", status.baseline},
                 {"adoptable", status.adoptable}, {"up_to_date", status.up_to_date()},
                 {"steps", Json::array()}};
    for (const auto& step : status.steps) json["steps"].push_back(to_json(step));
    return json;
}

Json to_json(const SchemaDifference& difference) {
    return {{"kind", to_string(difference.kind)}, {"object", difference.object},
            {"expected", difference.expected},    {"found", difference.found},
            {"accepted", difference.accepted},    {"repairable", difference.repairable}};
}

void print_losses(Context& context, const PlannedStep& step) {
    for (const auto& loss : step.losses) {
        context.say(step_label(step) + " destroys " + loss.object + ": " + counted(loss.rows, "row") +
                    " (needs --yes)");
    }
}

void print_status_table(Context& context, const MigrationStatus& status) {
    std::vector<std::vector<std::string>> rows{{"STEP", "NAME", "STATE", "APPLIED", "MS", "BY"}};
    for (const auto& step : status.steps) {
        const bool timed = step.state != MigrationState::pending && step.state != MigrationState::baseline;
        rows.push_back({padded(step.version), shown(step.name), std::string(to_string(step.state)),
                        step.applied_at ? to_iso8601(*step.applied_at) : "-",
                        timed ? std::to_string(step.execution_ms) : "-",
                        step.applied_by.empty() ? "-" : shown(step.applied_by)});
    }
    write_table(context.out(), rows);
}

void print_difference(std::ostream& out, const SchemaDifference& difference) {
    out << to_string(difference.kind) << ": " << shown(difference.object);
    if (difference.accepted) out << " (accepted at adoption)";
    if (difference.repairable && !difference.accepted) out << " (`findme migrate repair` mends it)";
    out << '\n';
    if (!difference.expected.empty()) out << "  expected " << shown(difference.expected) << '\n';
    if (!difference.found.empty()) out << "  found    " << shown(difference.found) << '\n';
}

std::string joined(const std::vector<std::int64_t>& ids) {
    std::string text;
    for (const auto id : ids) text += (text.empty() ? "" : ", ") + std::to_string(id);
    return text;
}

Json to_json(const VerifyReport& report) {
    Json json = {{"type", "migration_verify"},
                 {"v", 1},
                 {"good", report.good()},
                 {"status", to_json(report.status)},
                 {"differences", Json::array()}};
    for (const auto& difference : report.differences) json["differences"].push_back(to_json(difference));
    return json;
}

Json to_json(const AdoptionPlan& adoption, bool dry_run) {
    Json json = {{"type", "migration_adoption"},
                 {"v", 1},
                 {"dry_run", dry_run},
                 {"release", adoption.release},
                 {"baseline", adoption.baseline},
                 {"findings", adoption.findings},
                 {"duplicates", Json::array()},
                 {"accepted", Json::array()},
                 {"plan", to_json(adoption.plan, "migration_plan")}};
    for (const auto& rows : adoption.duplicates) {
        json["duplicates"].push_back({{"rule", rows.rule}, {"value", rows.value}, {"user_ids", rows.ids}});
    }
    for (const auto& difference : adoption.accepted) json["accepted"].push_back(to_json(difference));
    return json;
}

}  // namespace

std::string step_label(const PlannedStep& step) {
    return (step.version > 0 ? padded(step.version) + " " : "") + step.name;
}

void print_plan(Context& context, const MigrationPlan& plan) {
    if (!context.is_text()) return write_object(context, to_json(plan, "migration_plan"));
    context.out() << plan.sql();
    for (const auto& step : plan.steps) {
        for (const auto& note : step.notes) context.say(step_label(step) + ": " + note);
        print_losses(context, step);
    }
    context.say("plan " + plan.id + ": " + counted(std::ssize(plan.steps), "step") + ", from " +
                std::to_string(plan.from) + " to " + std::to_string(plan.to));
}

void print_run(Context& context, const MigrationPlan& plan) {
    if (!context.is_text()) return write_object(context, to_json(plan, "migration_run"));
    if (plan.steps.empty()) {
        context.out() << "nothing to do: the schema is at step " << plan.to << '\n';
        return;
    }
    for (const auto& step : plan.steps) {
        context.out() << (step.direction == MigrationDirection::up ? "applied " : "took back ")
                      << step_label(step) << '\n';
    }
    context.out() << "the schema is at step " << plan.to << '\n';
}

void print_status(Context& context, const MigrationStatus& status) {
    if (!context.is_text()) return write_object(context, to_json(status));
    print_status_table(context, status);
    if (status.adoptable) {
        context.say("the tables of " + status.database +
                    " were not made by findme: `findme migrate adopt --dry-run` says what they are");
    } else if (!status.up_to_date()) {
        context.say("the schema is at step " + std::to_string(status.current) + " of " +
                    std::to_string(status.newest) + ": see `findme migrate plan`");
    }
}

void print_verify(Context& context, const VerifyReport& report) {
    if (!context.is_text()) return write_object(context, to_json(report));
    for (const auto& step : report.status.steps) {
        if (step.state == MigrationState::altered || step.state == MigrationState::unknown) {
            context.out() << to_string(step.state) << ": step " << padded(step.version) << '_'
                          << shown(step.name) << '\n';
        }
    }
    std::int64_t accepted = 0;
    for (const auto& difference : report.differences) {
        accepted += difference.accepted ? 1 : 0;
        if (!difference.accepted || context.options.verbose) print_difference(context.out(), difference);
    }
    if (accepted > 0) context.say(counted(accepted, "difference") + " accepted at adoption (-v shows them)");
    if (report.good()) context.out() << "the schema is what step " << report.status.current << " makes\n";
}

void print_repair(Context& context, const MigrationPlan& done, const VerifyReport& left) {
    if (context.options.output == OutputFormat::json) {
        Json json = to_json(done, "migration_run");
        json["verify"] = to_json(left);
        return write_document(context.out(), json);
    }
    print_run(context, done);
    if (!left.good()) print_verify(context, left);
}

void print_adoption(Context& context, const AdoptionPlan& adoption, bool dry_run) {
    if (!context.is_text()) return write_object(context, to_json(adoption, dry_run));
    std::ostream& out = context.out();
    out << "found:    " << shown(adoption.release) << '\n';
    for (const auto& finding : adoption.findings) out << "          " << shown(finding) << '\n';
    out << "baseline: step " << adoption.baseline << '\n';
    for (const auto& rows : adoption.duplicates) {
        out << "twice:    " << shown(rows.value) << " by " << rows.rule << ", accounts " << joined(rows.ids)
            << '\n';
    }
    if (!adoption.duplicates.empty()) return;
    for (const auto& step : adoption.plan.steps) {
        out << (dry_run ? "would do: " : "done:     ") << step_label(step)
            << (step.transactional ? "" : " (online, statement by statement)") << '\n';
        for (const auto& note : step.notes) out << "          " << shown(note) << '\n';
    }
    if (!adoption.accepted.empty()) {
        out << "accepted: " << counted(std::ssize(adoption.accepted), "difference")
            << " from what findme would have made\n";
        if (context.options.verbose) {
            for (const auto& difference : adoption.accepted) print_difference(out, difference);
        }
    }
}

}  // namespace findme::cli
