#include "output/audit.hpp"

namespace findme::cli {

Json to_json(const AuditEntry& entry) {
    return {{"type", "audit_entry"},
            {"v", 1},
            {"id", entry.id},
            {"at", to_iso8601(entry.at)},
            {"actor", entry.actor},
            {"action", entry.action},
            {"subject", entry.subject},
            {"detail", entry.detail},
            {"hash", to_hex(entry.hash)}};
}

Json to_json(const AuditCheck& check) {
    Json json = {{"type", "audit_check"},
                 {"v", 1},
                 {"good", check.good()},
                 {"entries", check.entries},
                 {"head", {{"id", check.head.id}, {"hash", to_hex(check.head.hash)}}}};
    if (!check.good()) json["damage"] = check.damage;
    return json;
}

Json to_json(const Token& token) {
    return {{"type", "token"},
            {"v", 1},
            {"id", token.id.value},
            {"account_id", token.account.value},
            {"state", to_string(token.state)},
            {"created_at", to_iso8601(token.created_at)},
            {"expires_at", to_iso8601(token.expires_at)},
            {"used_at", token.used_at ? Json(to_iso8601(*token.used_at)) : Json(nullptr)}};
}

}  // namespace findme::cli
