#pragma once

#include <string>
#include <string_view>

#include "access/parts.hpp"

/// What every service says of what it did: to the audit within the transaction, to the log after it.
namespace findme::access {

[[nodiscard]] std::string subject_of(AccountId account);
[[nodiscard]] std::string subject_of(EventId event);
[[nodiscard]] std::string subject_of(PhotoId photo);

/// One entry of the audit. The last statements of a transaction: all writers queue for the end of the chain.
void record(db::Connection& connection, const Parts& parts, std::string_view action,
            const std::string& subject, const std::string& detail = {});
void record(db::Connection& connection, const std::string& actor, std::string_view action,
            const std::string& subject, const std::string& detail = {});

/// One line of the log, when there is one.
void report(const Parts& parts, LogLevel level, std::string_view event, const std::string& subject,
            std::string_view rule = {});

}  // namespace findme::access
