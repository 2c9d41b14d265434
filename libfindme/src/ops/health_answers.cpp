#include "ops/health_answers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.hpp"
#include "findme/clock.hpp"
#include "findme/version.hpp"
#include "ops/json_text.hpp"

namespace findme::ops {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr std::string_view kHealthJson = "application/health+json; charset=utf-8";
constexpr unsigned kOk = 200;
constexpr unsigned kNotFound = 404;
constexpr unsigned kNotAllowed = 405;
constexpr unsigned kTooLarge = 413;
constexpr unsigned kFailed = 500;
constexpr unsigned kUnavailable = 503;

constexpr std::array<std::pair<std::string_view, Endpoint>, 5> kEndpoints{
    {{"/livez", Endpoint::livez},
     {"/readyz", Endpoint::readyz},
     {"/metrics", Endpoint::metrics},
     {"/api/health-check", Endpoint::health_check},
     {"/api/db-raw-test", Endpoint::db_raw_test}}};

enum class Verdict { pass, warn, fail };

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return "pass";
        case Verdict::warn:
            return "warn";
        case Verdict::fail:
            return "fail";
    }
    return "fail";
}

/// One thing that was looked at.
struct Check {
    std::string_view component;
    std::string_view measurement;
    Verdict verdict = Verdict::pass;
    std::string output = {};  ///< A sentence; empty where it passes.
    std::optional<std::int64_t> value = std::nullopt;
};

Verdict worst_of(const std::vector<Check>& checks) {
    Verdict worst = Verdict::pass;
    for (const Check& check : checks) worst = std::max(worst, check.verdict);
    return worst;
}

Check check_connection(const DatabaseReading& database) {
    Check check{"database", "connection"};
    if (database.connected) return check;
    check.verdict = Verdict::fail;
    check.output = "the database does not answer";
    return check;
}

Check check_schema(const DatabaseReading& database) {
    Check check{"database", "schema"};
    if (!database.connected) {
        check.verdict = Verdict::fail;
        check.output = "nobody knows before the database answers";
        return check;
    }
    check.value = database.facts.schema_version;
    if (database.facts.schema_current) return check;
    check.verdict = Verdict::fail;
    check.output = "the schema is not the one of this release: see `findme migrate status`";
    return check;
}

Check check_models(const std::optional<std::vector<ModelCheck>>& models) {
    Check check{"models", "files"};
    if (!models) {
        check.verdict = Verdict::fail;
        check.output = "the model files are being looked at";
        return check;
    }
    const auto good = std::count_if(models->begin(), models->end(),
                                    [](const ModelCheck& model) { return model.state == ModelState::good; });
    check.value = good;
    if (good == std::ssize(*models)) return check;
    check.verdict = Verdict::fail;
    check.output = std::to_string(std::ssize(*models) - good) + " of " + std::to_string(models->size()) +
                   " model files are missing or altered: see `findme model verify`";
    return check;
}

/// What the rules of release v88 ask for.
std::vector<Check> rule_checks(const DatabaseReading& database) {
    std::vector<Check> checks{check_connection(database)};
    if (!database.connected) return checks;
    const auto& facts = database.facts;
    const auto add = [&](std::string_view measurement, bool good, const char* output) {
        Check check{"users", measurement};
        if (!good) {
            check.verdict = Verdict::warn;
            check.output = output;
        }
        checks.push_back(std::move(check));
    };
    add("event_id", facts.has_event_id, "the column users.event_id is missing: run `findme migrate`");
    add("composite_constraints", facts.event_rules.size() == 2,
        "a rule that makes accounts unique within their event is missing: run `findme migrate`");
    add("old_constraints", facts.old_rules.empty(),
        "a rule that makes accounts unique over all events is still there: run `findme migrate`");
    return checks;
}

/// draft-inadarei-api-health-check-06.
HealthResponse health_json(const std::vector<Check>& checks, const HealthView& view) {
    const Verdict worst = worst_of(checks);
    const std::string now = to_iso8601(system_clock().now());
    JsonText json;
    json.open_object().key("status").text(to_string(worst)).key("version").text("1");
    json.key("releaseId").text(version()).key("serviceId").text("findme");
    if (worst != Verdict::pass) {
        const auto first =
            std::find_if(checks.begin(), checks.end(), [&](const Check& c) { return c.verdict == worst; });
        json.key("output").text(first->output);
    }
    json.key("checks").open_object();
    for (const Check& check : checks) {
        json.key(std::string(check.component) + ":" + std::string(check.measurement)).open_array();
        json.open_object().key("componentType");
        json.text(check.component == "models" ? "component" : "datastore");
        if (check.value) json.key("observedValue").integer(*check.value);
        json.key("status").text(to_string(check.verdict)).key("time").text(now);
        if (check.verdict != Verdict::pass) json.key("output").text(check.output);
        json.close_object().close_array();
    }
    json.close_object().close_object();
    return {worst == Verdict::fail ? kUnavailable : kOk, kHealthJson, json.str() + "\n",
            view.database.failure};
}

HealthResponse answer_readyz(const HealthRequest& request, const HealthView& view) {
    const std::vector<Check> checks{check_connection(view.database), check_schema(view.database),
                                    check_models(view.models)};
    if (request.health_json) return health_json(checks, view);
    const bool ready = worst_of(checks) == Verdict::pass;
    std::string body;
    if (request.verbose) {
        for (const Check& check : checks) {
            body += check.verdict == Verdict::pass ? "[+] " : "[-] ";
            body += std::string(check.component) + " " + std::string(check.measurement);
            body += check.verdict == Verdict::pass ? ": ok\n" : ": " + check.output + "\n";
        }
    }
    body += ready ? "ready\n" : "not ready\n";
    return {ready ? kOk : kUnavailable, kText, std::move(body), view.database.failure};
}

void add_names(JsonText& json, std::string_view key, const std::vector<std::string>& names) {
    json.key(key).open_array();
    for (const std::string& name : names) json.text(name);
    json.close_array();
}

/// The keys are those of release v88, and so is the status: 200 whatever it says.
HealthResponse answer_health_check(const HealthRequest& request, const HealthView& view) {
    const auto checks = rule_checks(view.database);
    if (request.health_json) return health_json(checks, view);
    const auto& facts = view.database.facts;
    const bool healthy = worst_of(checks) == Verdict::pass;
    const std::int64_t users = view.database.counts ? view.database.counts->users.value_or(0) : 0;
    std::vector<std::string> warnings;
    for (const Check& check : checks) {
        if (check.verdict != Verdict::pass) warnings.push_back(check.output);
    }
    JsonText json;
    json.open_object().key("status").text(healthy ? "healthy" : "degraded");
    json.key("database").open_object();
    json.key("connected").boolean(view.database.connected);
    json.key("event_id_column_exists").boolean(facts.has_event_id);
    add_names(json, "composite_constraints", facts.event_rules);
    add_names(json, "old_constraints_present", facts.old_rules);
    json.key("user_count").integer(users).close_object();
    // Those of the original's class User; findme's accounts have both.
    json.key("model").open_object().key("has_event_id_field").boolean(true);
    json.key("has_table_args").boolean(true).close_object();
    add_names(json, "warnings", warnings);
    json.key("message").text(healthy ? "All checks passed" : "Some checks failed").close_object();
    return {kOk, kJson, json.str() + "\n", view.database.failure};
}

HealthResponse json_failure(unsigned status, std::string_view message, std::string_view request_id) {
    JsonText json;
    json.open_object().key("status").text("error").key("message").text(message);
    json.key("request_id").text(request_id).close_object();
    return {status, kJson, json.str() + "\n", std::nullopt};
}

HealthResponse answer_raw_test(const HealthRequest& request, const HealthView& view) {
    if (!view.database.connected) {
        HealthResponse response = json_failure(kUnavailable, "the database does not answer", request.id);
        response.failure = view.database.failure;
        return response;
    }
    JsonText json;
    json.open_object().key("status").text("ok").key("sample_user");
    if (const auto& user = view.database.sample_user) {
        json.open_object().key("username").text(masked(user->username)).key("event_id");
        user->event_id ? json.integer(*user->event_id) : json.null();
        json.close_object();
    } else {
        json.null();
    }
    json.close_object();
    return {kOk, kJson, json.str() + "\n", std::nullopt};
}

HealthResponse answer_other(const HealthView& view) {
    std::string body = "not found; there are";
    for (const auto& [path, endpoint] : kEndpoints) {
        if (endpoint == Endpoint::db_raw_test && !view.db_raw_test) continue;
        body += " " + std::string(path);
    }
    return {kNotFound, kText, body + "\n", std::nullopt};
}

}  // namespace

Endpoint endpoint_of(std::string_view path) noexcept {
    for (const auto& [known, endpoint] : kEndpoints) {
        if (path == known) return endpoint;
    }
    return Endpoint::other;
}

std::string_view to_string(Endpoint endpoint) noexcept {
    switch (endpoint) {
        case Endpoint::livez:
            return "livez";
        case Endpoint::readyz:
            return "readyz";
        case Endpoint::metrics:
            return "metrics";
        case Endpoint::health_check:
            return "health_check";
        case Endpoint::db_raw_test:
            return "db_raw_test";
        case Endpoint::other:
            return "other";
    }
    return "other";
}

HealthResponse answer(const HealthRequest& request, const HealthView& view) {
    if (!request.reads) return {kNotAllowed, kText, "only GET and HEAD are answered\n", std::nullopt};
    if (request.has_body) return {kTooLarge, kText, "a request has no body here\n", std::nullopt};
    switch (request.endpoint) {
        case Endpoint::livez:
            return {kOk, kText, "alive\n", std::nullopt};
        case Endpoint::readyz:
            return answer_readyz(request, view);
        case Endpoint::metrics:
            return {kOk, kMetricsText, view.metrics(), std::nullopt};
        case Endpoint::health_check:
            return answer_health_check(request, view);
        case Endpoint::db_raw_test:
            return view.db_raw_test ? answer_raw_test(request, view) : answer_other(view);
        case Endpoint::other:
            return answer_other(view);
    }
    return answer_other(view);
}

HealthResponse answer_failure(std::string_view request_id) {
    return json_failure(kFailed, "this could not be answered; the log says why", request_id);
}

std::string masked(std::string_view name) {
    std::size_t length = name.empty() ? 0 : 1;
    while (length < name.size() && (static_cast<unsigned char>(name[length]) & 0xC0U) == 0x80U) ++length;
    const std::string_view first = name.substr(0, length);
    return (base::is_valid_utf8(first) ? std::string(first) : std::string()) + "***";
}

}  // namespace findme::ops
