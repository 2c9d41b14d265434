#include "access/retention.hpp"

#include "base/text.hpp"

namespace findme::access {

std::optional<ErrorInfo> closed(db::Connection& connection, const Event& event) {
    const Timestamp now = connection.now();
    if (event.is_searchable(now)) return std::nullopt;
    const std::string code = base::quoted(event.code);
    if (event.is_undecided()) {
        return ErrorInfo{
            ErrorCode::retention_undecided,
            "the retention of the event " + code +
                " is undecided: until somebody sets it, nothing is indexed or matched in it, and nothing "
                "is purged (findme event update " +
                code + " --retention-days DAYS)",
            event.code};
    }
    const std::string name = "the event " + code;
    if (event.is_expired(now)) {
        return ErrorInfo{
            ErrorCode::retention_expired,
            name + " is past its retention since " + to_iso8601(*event.expires_at) +
                ": its faces may no longer be searched, and no more are kept (a new event may be made for "
                "what is still needed)",
            event.code};
    }
    return ErrorInfo{
        ErrorCode::retention_expired,
        "the faces of " + name + " were purged on " + to_iso8601(*event.purged_at) +
            ": set its retention anew (findme event update --retention-days), then index its photos "
            "again",
        event.code};
}

}  // namespace findme::access
