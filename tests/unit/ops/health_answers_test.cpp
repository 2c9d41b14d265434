#include "ops/health_answers.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "ops/json_text.hpp"

using namespace findme;
using ops::Endpoint;
using ops::HealthView;
using Json = nlohmann::json;

namespace {

HealthView healthy() {
    HealthView view;
    auto& database = view.database;
    database.connected = true;
    database.facts = {7, true, true, {"users_email_event_unique", "users_username_event_unique"}, {}};
    database.counts.emplace();
    database.counts->users = 12;
    view.models.emplace(3);
    for (auto& model : *view.models) model.state = ModelState::good;
    view.metrics = [] { return std::string("findme_up 1\n"); };
    return view;
}

HealthView down() {
    HealthView view = healthy();
    view.database = {};
    view.database.failure = ops::ProbeFailure{ErrorCode::store_unreachable, "57P01"};
    return view;
}

ops::HealthResponse get(Endpoint endpoint, const HealthView& view) {
    return ops::answer({.endpoint = endpoint, .id = "id-1"}, view);
}

ops::HealthResponse get_health_json(Endpoint endpoint, const HealthView& view) {
    return ops::answer({.endpoint = endpoint, .health_json = true, .id = "id-1"}, view);
}

/// What the draft asks of a document, whatever it says.
void require_health_document(const ops::HealthResponse& response) {
    CHECK(response.type == "application/health+json; charset=utf-8");
    const auto json = Json::parse(response.body);
    const std::string status = json.at("status");
    CHECK((status == "pass" || status == "warn" || status == "fail"));
    CHECK((status == "fail" ? response.status >= 400 && response.status < 600
                            : response.status >= 200 && response.status < 400));
    CHECK(json.contains("output") == (status != "pass"));
    for (const auto& [name, list] : json.at("checks").items()) {
        CAPTURE(name);
        CHECK(name.find(':') != std::string::npos);
        REQUIRE(list.is_array());
        for (const auto& check : list) CHECK(check.contains("output") == (check.at("status") != "pass"));
    }
}

}  // namespace

TEST_CASE("health answers: the process lives whatever the database does", "[ops]") {
    CHECK(get(Endpoint::livez, healthy()).status == 200);
    CHECK(get(Endpoint::livez, down()).status == 200);
}

TEST_CASE("health answers: ready means database, schema and models", "[ops]") {
    CHECK(get(Endpoint::readyz, healthy()).status == 200);
    CHECK(get(Endpoint::readyz, down()).status == 503);

    HealthView old = healthy();
    old.database.facts.schema_current = false;
    CHECK(get(Endpoint::readyz, old).status == 503);

    HealthView altered = healthy();
    altered.models->back().state = ModelState::altered;
    CHECK(get(Endpoint::readyz, altered).status == 503);

    HealthView early = healthy();
    early.models.reset();
    CHECK(get(Endpoint::readyz, early).status == 503);
}

TEST_CASE("health answers: people get a line a check", "[ops]") {
    HealthView view = healthy();
    view.database.facts.schema_current = false;
    const auto response = ops::answer({.endpoint = Endpoint::readyz, .verbose = true}, view);
    CHECK(response.body ==
          "[+] database connection: ok\n"
          "[-] database schema: the schema is not the one of this release: see `findme migrate status`\n"
          "[+] models files: ok\n"
          "not ready\n");
}

TEST_CASE("health answers: the health check of a good database has the original's keys", "[ops]") {
    const auto response = get(Endpoint::health_check, healthy());
    CHECK(response.status == 200);
    CHECK(response.type == "application/json; charset=utf-8");
    CHECK(Json::parse(response.body) == Json::parse(R"({
        "status": "healthy",
        "database": {
            "connected": true, "event_id_column_exists": true,
            "composite_constraints": ["users_email_event_unique", "users_username_event_unique"],
            "old_constraints_present": [], "user_count": 12},
        "model": {"has_event_id_field": true, "has_table_args": true},
        "warnings": [], "message": "All checks passed"})"));
}

TEST_CASE("health answers: each of the original's rules degrades the health check", "[ops]") {
    HealthView view = healthy();
    SECTION("no column event_id") {
        view.database.facts.has_event_id = false;
    }
    SECTION("one composite rule") {
        view.database.facts.event_rules.pop_back();
    }
    SECTION("an old rule") {
        view.database.facts.old_rules = {"ix_users_email"};
    }
    SECTION("no database") {
        view = down();
    }
    const auto response = get(Endpoint::health_check, view);
    const auto json = Json::parse(response.body);
    CHECK(response.status == 200);
    CHECK(json.at("status") == "degraded");
    CHECK(json.at("warnings").size() == 1);
    CHECK(json.at("message") != "All checks passed");
    CHECK(json.at("database").at("connected") == view.database.connected);
    CHECK(json.at("database").at("old_constraints_present") == view.database.facts.old_rules);
}

TEST_CASE("health answers: an old schema is no matter of the original's check", "[ops]") {
    HealthView view = healthy();
    view.database.facts.schema_current = false;
    CHECK(Json::parse(get(Endpoint::health_check, view).body).at("status") == "healthy");
}

TEST_CASE("health answers: health+json keeps to its draft", "[ops]") {
    HealthView degraded = healthy();
    degraded.database.facts.old_rules = {"ix_users_email"};
    HealthView altered = healthy();
    altered.models->front().state = ModelState::missing;
    for (const auto& view : {healthy(), down(), degraded, altered}) {
        require_health_document(get_health_json(Endpoint::readyz, view));
        require_health_document(get_health_json(Endpoint::health_check, view));
    }
    const auto status = [](const ops::HealthResponse& response) {
        return Json::parse(response.body).at("status").get<std::string>();
    };
    CHECK(status(get_health_json(Endpoint::readyz, healthy())) == "pass");
    CHECK(status(get_health_json(Endpoint::readyz, altered)) == "fail");
    CHECK(status(get_health_json(Endpoint::health_check, degraded)) == "warn");
    CHECK(status(get_health_json(Endpoint::health_check, down())) == "fail");
}

TEST_CASE("health answers: the raw test is not there unless it is asked for", "[ops]") {
    const auto response = get(Endpoint::db_raw_test, healthy());
    CHECK(response.status == 404);
    CHECK(response.body.find("/livez") != std::string::npos);
    CHECK(response.body.find("db-raw-test") == std::string::npos);
}

TEST_CASE("health answers: the raw test masks the account it found", "[ops]") {
    HealthView view = healthy();
    view.db_raw_test = true;
    CHECK(get(Endpoint::db_raw_test, view).body == "{\"status\":\"ok\",\"sample_user\":null}\n");
    view.database.sample_user = store::SampleUser{"anna.berger", 4};
    CHECK(get(Endpoint::db_raw_test, view).body ==
          "{\"status\":\"ok\",\"sample_user\":{\"username\":\"a***\",\"event_id\":4}}\n");
    view.database.sample_user = store::SampleUser{"root", std::nullopt};
    CHECK(Json::parse(get(Endpoint::db_raw_test, view).body).at("sample_user").at("event_id").is_null());
    CHECK(ops::masked("") == "***");
    CHECK(ops::masked("\xC3\xA9mile") == "\xC3\xA9***");
    CHECK(ops::masked("\xFF") == "***");
}

TEST_CASE("health answers: the raw test without a database says no more than that, and which request it was",
          "[ops]") {
    HealthView view = down();
    view.db_raw_test = true;
    const auto response = get(Endpoint::db_raw_test, view);
    CHECK(response.status == 503);
    const auto json = Json::parse(response.body);
    CHECK(json.at("request_id") == "id-1");
    CHECK(response.body.find("57P01") == std::string::npos);
}

TEST_CASE("health answers: only reading is answered, and no body is taken", "[ops]") {
    CHECK(ops::answer({.endpoint = Endpoint::livez, .reads = false}, healthy()).status == 405);
    CHECK(ops::answer({.endpoint = Endpoint::livez, .has_body = true}, healthy()).status == 413);
    const auto other = get(Endpoint::other, healthy());
    CHECK(other.status == 404);
    for (const char* path : {"/livez", "/readyz", "/metrics", "/api/health-check"})
        CHECK(other.body.find(path) != std::string::npos);
    CHECK(ops::endpoint_of("/livez/") == Endpoint::other);
    CHECK(ops::endpoint_of("") == Endpoint::other);
}

TEST_CASE("health answers: text in JSON is escaped", "[ops]") {
    ops::JsonText json;
    json.open_object().key("a\"b").text("c\\\n\x01").key("d").open_array().integer(-1).real(0.5).null();
    json.boolean(true).close_array().close_object();
    CHECK(json.str() == "{\"a\\\"b\":\"c\\\\\\u000a\\u0001\",\"d\":[-1,0.5,null,true]}");
    CHECK(Json::parse(json.str()).at("a\"b") == "c\\\n\x01");
}
