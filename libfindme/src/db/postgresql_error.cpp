#include "db/postgresql_error.hpp"

#include <algorithm>
#include <array>
#include <pqxx/pqxx>
#include <utility>

#include "base/text.hpp"

namespace findme::db {
namespace {

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

template <std::size_t N>
bool is_one_of(std::string_view state, const std::array<std::string_view, N>& states) {
    return std::find(states.begin(), states.end(), state) != states.end();
}

/// The value of a line such as `CONSTRAINT NAME:  users_email_key` of the verbose form.
std::string field(std::string_view says, std::string_view label) {
    const auto at = says.find(label);
    if (at == std::string_view::npos) return {};
    const auto begin = at + label.size();
    return std::string(base::trimmed(says.substr(begin, says.find('\n', begin) - begin)));
}

/// The five characters in `ERROR:  08P01: ...`, for libpqxx keeps some states to itself; empty without them.
std::string state_of(std::string_view says) {
    constexpr std::size_t kLength = 5;
    constexpr std::string_view kBefore = ":  ";
    const auto at = says.find(kBefore);
    if (at == std::string_view::npos) return {};
    says.remove_prefix(at + kBefore.size());
    if (says.size() < kLength + 2 || says.substr(kLength, 2) != ": ") return {};
    const std::string_view state = says.substr(0, kLength);
    const bool is_state =
        state.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
    return is_state ? std::string(state) : std::string();
}

std::string_view first_line(std::string_view says) {
    return says.substr(0, says.find('\n'));
}

/// The last name in quotes of the first line: where the labels are not English, nor perhaps the quotes.
std::string last_quoted(std::string_view says) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kQuotes{
        {{"\"", "\""},
         {"\xC2\xAB", "\xC2\xBB"},
         {"\xC2\xBB", "\xC2\xAB"}}};  // "", then guillemets both ways.
    const std::string_view line = first_line(says);
    for (const auto& [open, close] : kQuotes) {
        const auto end = line.rfind(close);
        if (end == std::string_view::npos || end == 0) continue;
        const auto begin = line.rfind(open, end - 1);
        if (begin == std::string_view::npos) continue;
        std::string_view name = line.substr(begin + open.size(), end - begin - open.size());
        constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
        if (name.starts_with(kNoBreakSpace)) name.remove_prefix(kNoBreakSpace.size());
        if (name.ends_with(kNoBreakSpace)) name.remove_suffix(kNoBreakSpace.size());
        return std::string(base::trimmed(name));
    }
    return {};
}

std::string constraint_subject(std::string_view says) {
    for (const std::string_view label : {"CONSTRAINT NAME:", "COLUMN NAME:"}) {
        if (auto name = field(says, label); !name.empty()) return name;
    }
    return last_quoted(says);
}

/// What the server says of statements and names, without `ERROR:  42P01: ` before it. Nothing where it may
/// quote a value: it would end up in a log.
std::string reason(const PostgresqlFailure& failure) {
    std::string state = failure.sqlstate.empty() ? std::string() : "SQLSTATE " + failure.sqlstate;
    const bool quotes_values = failure.sqlstate.starts_with("22") || failure.sqlstate.starts_with("23") ||
                               failure.sqlstate.starts_with("P0");
    std::string_view says = first_line(failure.says);
    const auto code = failure.sqlstate.empty() ? std::string_view::npos : says.find(failure.sqlstate + ": ");
    if (code != std::string_view::npos) says.remove_prefix(code + failure.sqlstate.size() + 2);
    if (quotes_values || says.empty()) return state;
    return base::quoted(base::trimmed(says)) + (state.empty() ? "" : ", " + state);
}

ErrorInfo lost(const PostgresqlFailure& failure, const std::string& database) {
    if (failure.in_doubt) {
        return {.code = ErrorCode::store_unreachable,
                .message = "the connection to " + database +
                           " was lost before it answered: what was asked for may have been done, look before "
                           "repeating it",
                .in_doubt = true};
    }
    return {.code = ErrorCode::store_unreachable,
            .message = "the connection to " + database + " was lost: nothing of this was kept, try again",
            .retry = Retry::now};
}

bool is_lost(const PostgresqlFailure& failure) {
    constexpr std::string_view kProtocolViolation =
        "08P01";  // A wrong number of parameters, say: nothing is lost.
    const std::string& state = failure.sqlstate;
    return state.empty() ||
           (state.starts_with("08") && (failure.connection_lost || state != kProtocolViolation));
}

ErrorInfo describe(const PostgresqlFailure& failure, const std::string& database) {
    constexpr std::array<std::string_view, 4> kLocked = {"40001", "40P01", "40000", "55P03"};
    constexpr std::array<std::string_view, 7> kPassing = {"57P01", "57P02", "57P03", "57P05",
                                                          "25P03", "53300", "40003"};
    const std::string& state = failure.sqlstate;
    if (failure.in_doubt || is_lost(failure)) return lost(failure, database);
    if (is_one_of(state, kLocked)) {
        return {
            .code = ErrorCode::store_locked,
            .message = database + " is busy with others' work on the same rows or tables: try again later",
            .retry = Retry::now};
    }
    if (is_one_of(state, kPassing)) {
        return {.code = ErrorCode::store_unreachable,
                .message = database + " ended the connection or takes no more of them (" + reason(failure) +
                           "): try again later",
                .retry = Retry::now};
    }
    if (state == "25006") {
        return {.code = ErrorCode::store_read_only,
                .message = database + " is read-only (a standby?): connect to the primary server",
                .retry = Retry::now};
    }
    if (state == "57014") {
        return {.code = ErrorCode::store_unreachable,
                .message = database +
                           " stopped a statement that took longer than statement_timeout allows, or that an "
                           "administrator cancelled: try again when less is going on",
                .retry = Retry::later};
    }
    // By the name of the server's function, which is there in every language.
    if (state == "42501" && contains(failure.says, "check_enable_rls")) {
        const std::string table = last_quoted(failure.says);
        return {
            .code = ErrorCode::store_denied,
            .message = database + " hides rows of the table " + base::quoted(table) +
                       " from this role by row-level security, and findme works with all rows or none: let "
                       "the role see them (ALTER ROLE ... BYPASSRLS), or take the policy off the table "
                       "(ALTER TABLE ... DISABLE ROW LEVEL SECURITY)"};
    }
    if (state.starts_with("28") || state == "42501") {
        return {.code = ErrorCode::store_denied,
                .message = database + " does not let this role do that (" + reason(failure) +
                           "): see examples/postgresql_roles.sql for what it needs"};
    }
    if (state == "53100") {
        return {.code = ErrorCode::store_full,
                .message = "no space left for " + database + ": free some on the server's disk and repeat"};
    }
    if (state.starts_with("23")) {
        const std::string subject = constraint_subject(failure.says);
        const std::string rule = subject.empty() ? "a rule" : "the rule " + base::quoted(subject);
        return {.code = ErrorCode::constraint,
                .message = rule + " of " + database + " refused a row (" + reason(failure) + ")",
                .subject = subject};
    }
    if (state == "XX001" || state == "XX002") {
        return {.code = ErrorCode::store_corrupt,
                .message = database + " is damaged (" + reason(failure) + "): restore it from a backup"};
    }
    return {.code = ErrorCode::internal,
            .message = database + " refused a statement (" + reason(failure) +
                       "): a bug in findme, or a schema that is not its own; `findme migrate verify` tells"};
}

/// Of `connection to server at "a" (10.0.0.1), port 5432 failed: FATAL:  the reason`, for the last address
/// tried.
std::string connect_reason(std::string_view says) {
    for (const std::string_view before : {"failed: ", "FATAL:"}) {
        if (const auto at = says.rfind(before); at != std::string_view::npos)
            says.remove_prefix(at + before.size());
    }
    return base::quoted(base::trimmed(first_line(says)));
}

}  // namespace

PostgresqlFailure current_postgresql_failure() {
    PostgresqlFailure failure;
    try {
        throw;
    } catch (const pqxx::deadlock_detected& error) {
        failure = {"40P01", error.what()};
    } catch (const pqxx::serialization_failure& error) {
        failure = {"40001", error.what()};
    } catch (const pqxx::statement_completion_unknown& error) {
        failure = {"40003", error.what()};
    } catch (const pqxx::transaction_rollback& error) {
        failure = {"40000", error.what()};
    } catch (const pqxx::too_many_connections& error) {
        failure = {"53300", error.what()};
    } catch (const pqxx::broken_connection& error) {
        failure = {state_of(error.what()), error.what()};
    } catch (const pqxx::insufficient_privilege& error) {
        failure = {"42501", error.what()};
    } catch (const pqxx::sql_error& error) {
        failure = {error.sqlstate(), error.what()};
    } catch (const pqxx::failure& error) {
        failure = {"", error.what()};
    }
    failure.in_doubt = failure.sqlstate == "08007" || failure.sqlstate == "40003";
    return failure;
}

ErrorInfo to_error_info(const PostgresqlFailure& failure, const std::string& database) {
    ErrorInfo info = describe(failure, "the database " + database);
    if (info.code != ErrorCode::constraint) info.subject = database;
    return info;
}

ErrorInfo connect_error_info(const std::string& says, const std::string& database) {
    ErrorInfo info{.code = ErrorCode::store_unreachable,
                   .message = "cannot connect to the database " + database + ": " + connect_reason(says),
                   .subject = database};
    const bool is_database = contains(says, "database \"") && contains(says, "does not exist");
    if (is_database) {
        info.code = ErrorCode::not_found;
        info.message += " (create it, then run `findme migrate`)";
    } else if (contains(says, "root certificate") || contains(says, "certificate verify failed") ||
               contains(says, "does not support SSL") || contains(says, "server certificate for")) {
        info.code = ErrorCode::store_denied;
        info.message +=
            " (a server elsewhere has to prove who it is: put its authority's certificate into "
            "~/.postgresql/root.crt, or choose another sslmode in the URL)";
    } else if (contains(says, "authentication failed") || contains(says, "no password supplied") ||
               contains(says, "pg_hba.conf") || contains(says, "role \"") ||
               contains(says, "permission denied")) {
        info.code = ErrorCode::store_denied;
        info.message += " (check the role and its password in ~/.pgpass)";
    } else {
        info.message += " (check that the server runs and the URL is right, then try again)";
        info.retry = Retry::now;
    }
    return info;
}

}  // namespace findme::db
