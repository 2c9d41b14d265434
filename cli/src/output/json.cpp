#include "output/json.hpp"

#include <cmath>
#include <cstdint>

#include "findme/text.hpp"

template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace findme::cli {
namespace {

std::string base64(const std::string& bytes) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            group = group << 8U | (j < left ? static_cast<std::uint8_t>(bytes[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            text += j <= left ? kAlphabet[group >> (18 - 6 * j) & 63U] : '=';
        }
    }
    return text;
}

/// Enough digits for any use, few enough to read.
double rounded(double value, double digits) {
    return std::round(value * digits) / digits;
}

constexpr double kTenThousandth = 1e4;
constexpr double kHundredth = 1e2;

Json optional_time(const std::optional<Timestamp>& time) {
    return time ? Json(to_iso8601(*time)) : Json(nullptr);
}

}  // namespace

std::string one_line_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write_line(std::ostream& out, const Json& json) {
    out << one_line_of(json) << std::endl;
}

void write_document(std::ostream& out, const Json& json) {
    out << json.dump(2, ' ', false, Json::error_handler_t::replace) << std::endl;
}

Json path_json(const std::string& path) {
    return is_valid_utf8(path) ? Json{{"text", path}} : Json{{"bytes", base64(path)}};
}

Json to_json(const ErrorInfo& error) {
    Json json = {
        {"code", to_string(error.code)}, {"message", error.message}, {"retry", error.retry != Retry::no}};
    for (const auto& problem : error.problems) json["problems"].push_back(to_json(problem));
    return json;
}

Json to_json(const Event& event) {
    return {{"type", "event"},
            {"v", 1},
            {"id", event.id.value},
            {"name", event.name},
            {"code", event.code},
            {"date", event.date ? Json(to_iso8601(*event.date)) : Json(nullptr)},
            {"retention_days", event.retention_days ? Json(*event.retention_days) : Json(nullptr)},
            {"created_at", to_iso8601(event.created_at)},
            {"expires_at", optional_time(event.expires_at)},
            {"photographer_id", event.photographer ? Json(event.photographer->value) : Json(nullptr)},
            {"purged_at", optional_time(event.purged_at)}};
}

Json to_json(const Event& event, const EventCounts& counts) {
    Json json = to_json(event);
    json["photos"] = counts.photos;
    json["failed"] = counts.failed;
    json["faces"] = counts.faces;
    return json;
}

Json to_json(const Box& box) {
    return {{"x", rounded(box.x, kTenThousandth)},
            {"y", rounded(box.y, kTenThousandth)},
            {"width", rounded(box.width, kTenThousandth)},
            {"height", rounded(box.height, kTenThousandth)}};
}

Json to_json(const PhotoFace& face) {
    Json landmarks = Json::array();
    for (const auto& point : face.face.landmarks) {
        landmarks.push_back(
            {{"x", rounded(point.x, kTenThousandth)}, {"y", rounded(point.y, kTenThousandth)}});
    }
    const auto& quality = face.face.quality;
    return {{"id", face.id.value},
            {"box", to_json(face.face.box)},
            {"landmarks", landmarks},
            {"detection_score", rounded(face.face.score, kTenThousandth)},
            {"height_px", rounded(quality.height_px, 1)},
            {"sharpness", rounded(quality.sharpness, kHundredth)},
            {"yaw", rounded(quality.yaw, kTenThousandth)},
            {"roll_deg", rounded(quality.roll_deg, kHundredth)}};
}

Json to_json(const Photo& photo) {
    Json paths = Json::array();
    for (const auto& path : photo.paths) paths.push_back(path_json(path));
    Json json = {{"type", "photo"},
                 {"v", 1},
                 {"id", photo.id.value},
                 {"sha256", to_hex(photo.hash)},
                 {"paths", paths},
                 {"status", to_string(photo.status)},
                 {"width_px", photo.width_px},
                 {"height_px", photo.height_px},
                 {"captured_at", optional_time(photo.captured_at)},
                 {"indexed_at", to_iso8601(photo.indexed_at)},
                 {"face_count", photo.face_count}};
    if (photo.status == PhotoStatus::failed) {
        json["error"] = {{"code", photo.error_code}, {"message", photo.error_message}};
    }
    return json;
}

Json to_json(const IndexItem& item) {
    Json json = {{"type", "index_item"},
                 {"v", 1},
                 {"path", path_json(item.path)},
                 {"outcome", to_string(item.outcome)}};
    if (item.hash) json["sha256"] = to_hex(*item.hash);
    if (item.outcome == IndexOutcome::indexed) json["faces"] = item.faces;
    if (item.error) json["error"] = to_json(*item.error);
    return json;
}

Json to_json(const IndexSummary& summary) {
    return {{"type", "index_summary"},        {"v", 1},
            {"indexed", summary.indexed},     {"duplicate", summary.duplicate},
            {"unchanged", summary.unchanged}, {"failed", summary.failed},
            {"ignored", summary.ignored},     {"pending", summary.pending},
            {"faces", summary.faces},         {"guests_left_out", summary.guests_left_out},
            {"cancelled", summary.cancelled}};
}

Json to_json(const Event& event, const QueueStatus& status) {
    constexpr double kMillisecondsPerSecond = 1000;
    Json json = {{"type", "queue_status"},   {"v", 1},
                 {"event", event.code},      {"ready", status.ready},
                 {"leased", status.leased},  {"expired", status.expired},
                 {"dead", status.dead},      {"oldest_s", nullptr},
                 {"given_up", Json::array()}};
    if (status.oldest)
        json["oldest_s"] = static_cast<double>(status.oldest->count()) / kMillisecondsPerSecond;
    for (const auto& job : status.given_up) {
        json["given_up"].push_back(
            {{"path", path_json(job.path)}, {"attempts", job.attempts}, {"error", job.error}});
    }
    return json;
}

Json to_json(const SelfieCheck& check) {
    Json json = {{"type", "selfie"}, {"v", 1}, {"path", path_json(check.path)}, {"accepted", !check.refused}};
    if (check.refused) {
        json["error"] = to_json(*check.refused);
    } else {
        json["box"] = to_json(check.face.box);
        if (check.agreement) json["agreement"] = rounded(*check.agreement, 10);
    }
    return json;
}

Json to_json(const Match& match) {
    Json paths = Json::array();
    for (const auto& path : match.photo.paths) paths.push_back(path_json(path));
    return {{"type", "match"},
            {"v", 1},
            {"score", rounded(match.score, 10)},
            {"distance", rounded(match.distance, kTenThousandth)},
            {"photo_id", match.photo.id.value},
            {"sha256", to_hex(match.photo.hash)},
            {"paths", paths},
            {"face", to_json(match.face)}};
}

Json to_json(const ModelCheck& check) {
    Json json = {{"type", "model"},
                 {"v", 1},
                 {"id", check.model.id},
                 {"job", check.model.job},
                 {"file", check.model.file},
                 {"path", path_json(check.path)},
                 {"state", to_string(check.state)},
                 {"sha256", check.model.sha256},
                 {"licence", check.model.licence},
                 {"package", check.model.package},
                 {"in_use", check.in_use}};
    if (!check.model.kind.empty()) json["kind"] = check.model.kind;
    if (!check.remedy.empty()) json["remedy"] = check.remedy;
    return json;
}

Json to_json(const ForgetReceipt& receipt) {
    return {{"photos", receipt.photos},       {"paths", receipt.paths}, {"faces", receipt.faces},
            {"templates", receipt.templates}, {"left", receipt.left},   {"scrubbed", receipt.scrubbed}};
}

}  // namespace findme::cli
