#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findme/model.hpp"
#include "ops/health_probe.hpp"

namespace findme::ops {

enum class Endpoint { livez, readyz, metrics, health_check, db_raw_test, other };
[[nodiscard]] Endpoint endpoint_of(std::string_view path) noexcept;
/// `livez`, `readyz`, `metrics`, `health_check`, `db_raw_test`, `other`.
[[nodiscard]] std::string_view to_string(Endpoint endpoint) noexcept;

/// What of a request matters.
struct HealthRequest {
    Endpoint endpoint = Endpoint::other;
    bool reads = true;  ///< GET or HEAD.
    bool has_body = false;
    bool verbose = false;      ///< `?verbose`
    bool health_json = false;  ///< Accepts application/health+json.
    std::string_view id = {};  ///< Of the request.
};

struct HealthResponse {
    unsigned status = 200;
    std::string_view type;  ///< Of the content.
    std::string body;
    /// Why a part of it is not well; for the log.
    std::optional<ProbeFailure> failure;
};

/// What the answers are made of.
struct HealthView {
    DatabaseReading database;
    std::optional<std::vector<ModelCheck>> models;  ///< Nothing: not looked at yet.
    bool db_raw_test = false;
    std::function<std::string()> metrics;
};

[[nodiscard]] HealthResponse answer(const HealthRequest& request, const HealthView& view);
/// For what must not happen.
[[nodiscard]] HealthResponse answer_failure(std::string_view request_id);

/// `a***`: tells accounts apart without naming them.
[[nodiscard]] std::string masked(std::string_view name);

}  // namespace findme::ops
