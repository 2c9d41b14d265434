#include "access/journal.hpp"

#include <vector>

#include "store/audit_repository.hpp"

namespace findme::access {

std::string subject_of(AccountId account) {
    return "user:" + std::to_string(account.value);
}

std::string subject_of(EventId event) {
    return "event:" + std::to_string(event.value);
}

std::string subject_of(PhotoId photo) {
    return "photo:" + std::to_string(photo.value);
}

void record(db::Connection& connection, const Parts& parts, std::string_view action,
            const std::string& subject, const std::string& detail) {
    record(connection, parts.actor, action, subject, detail);
}

void record(db::Connection& connection, const std::string& actor, std::string_view action,
            const std::string& subject, const std::string& detail) {
    static_cast<void>(
        store::AuditRepository(connection).append({actor, std::string(action), subject, detail}));
}

void report(const Parts& parts, LogLevel level, std::string_view event, const std::string& subject,
            std::string_view rule) {
    if (parts.log == nullptr) return;
    std::vector<LogField> fields{{"actor", parts.actor}};
    if (!subject.empty()) fields.push_back({"subject", subject});
    if (!rule.empty()) fields.push_back({"rule", std::string(rule)});
    parts.log->write(level, event, fields);
}

}  // namespace findme::access
