#include "store/adoption.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "findme/error.hpp"
#include "store/schema_facts.hpp"
#include "store/schema_history.hpp"

namespace findme::store {
namespace {

constexpr const char* kAcceptedTable = "findme_schema_accepted";

struct RequiredTable {
    const char* name;
    std::vector<const char*> columns;
};

/// What findme reads and writes of FindMe's own tables.
const std::vector<RequiredTable>& required_tables() {
    static const std::vector<RequiredTable> tables = {
        {"users",
         {"id", "username", "email", "hashed_password", "user_type", "selfie_path", "selfie_data",
          "selfie_status", "selfie_error", "selfie_content_type", "is_active", "created_at"}},
        {"events", {"id", "name", "event_code", "date", "photographer_id"}},
        {"user_events", {"id", "user_id", "event_id", "joined_at"}},
        {"photos",
         {"id", "filename", "original_filename", "file_path", "content_type", "photo_type", "user_id",
          "photographer_id", "uploaded_at", "event_id", "processing_status", "error_message", "updated_at",
          "retention_days", "expires_at", "show_in_general", "is_indexed"}},
        {"face_matches", {"id", "photo_id", "user_id", "confidence_score", "detected_at"}},
        {"photo_faces", {"id", "event_id", "photo_id", "face_id"}},
        {"password_reset_tokens", {"id", "user_id", "token", "expires_at", "used_at", "created_at"}},
    };
    return tables;
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

void require_findme_tables(const SchemaFacts& facts) {
    std::vector<std::string> lacks;
    const auto require = [&](const std::string& object) {
        if (!facts.contains(object)) lacks.push_back(object);
    };
    for (const RequiredTable& table : required_tables()) {
        const std::string name = std::string("table ") + table.name;
        require(name);
        if (!facts.contains(name)) continue;
        for (const char* column : table.columns) require(std::string("column ") + table.name + "." + column);
    }
    if (lacks.empty()) return;
    throw Error(ErrorCode::schema_mismatch,
                "this is no FindMe database of release v87 or v88: it lacks " + join(lacks) +
                    " (see that the database URL names the right one)",
                lacks.front());
}

/// Whatever it is called: its name depends on who made the database.
bool has_foreign_key(const SchemaFacts& facts, const std::string& table, const std::string& definition) {
    return std::any_of(facts.begin(), facts.end(), [&](const auto& named) {
        return named.second.table == table && named.second.definition == definition;
    });
}

/// The index whose definition ends like this; an index of this name that is another one is no good to
/// anybody.
bool has_index(const SchemaFacts& facts, const std::string& name, const std::string& definition) {
    const auto found = facts.find("index " + name);
    if (found == facts.end()) return false;
    if (found->second.definition == definition) return true;
    throw Error(ErrorCode::schema_mismatch,
                "the index " + name + " of the database is not FindMe's: drop or rename it, then adopt again",
                name);
}

/// What makes an e-mail or a username unique whatever the event, and what FindMe's own health check takes for
/// it.
std::vector<std::string> old_rules(const SchemaFacts& facts) {
    std::vector<std::string> names;
    for (const auto& [object, fact] : facts) {
        if (fact.table != "users" || !object.starts_with("index ")) continue;
        const std::string name = object.substr(object.find(' ') + 1);
        const std::string& definition = fact.definition;
        const bool unique = definition.starts_with("CREATE UNIQUE ");
        const auto over = [&](const char* columns) { return definition.ends_with(columns); };
        const bool rule = unique && (over(" (email)") || over(" (username)") || over(" (lower(email))") ||
                                     over(" (lower(username))"));
        if (rule || name == "ix_users_email" || name == "ix_users_username") names.push_back(name);
    }
    return names;
}

/// One thing that makes a v87 database a v88 one.
struct Part {
    std::int64_t step;
    std::string name;
    bool there;
};

std::vector<Part> parts_of_v88(const SchemaFacts& facts) {
    return {
        {2, "the cascade of password_reset_tokens.user_id",
         has_foreign_key(facts, "password_reset_tokens",
                         "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE")},
        {3, "users.event_id", facts.contains("column users.event_id")},
        {3, "the foreign key of users.event_id with ON DELETE SET NULL",
         has_foreign_key(facts, "users", "FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE SET NULL")},
        {3, "users_email_event_unique",
         has_index(
             facts, "users_email_event_unique",
             "CREATE UNIQUE INDEX users_email_event_unique ON users USING btree (email, COALESCE(event_id, "
             "'-1'::integer))")},
        {3, "users_username_event_unique",
         has_index(facts, "users_username_event_unique",
                   "CREATE UNIQUE INDEX users_username_event_unique ON users USING btree (username, "
                   "COALESCE(event_id, '-1'::integer))")},
        {3, "idx_users_event_username",
         has_index(facts, "idx_users_event_username",
                   "CREATE INDEX idx_users_event_username ON users USING btree (event_id, username)")},
        {3, "idx_users_event_email",
         has_index(facts, "idx_users_event_email",
                   "CREATE INDEX idx_users_event_email ON users USING btree (event_id, email)")},
    };
}

std::int64_t baseline_of(const std::vector<Part>& parts, bool old_rules_left) {
    constexpr std::int64_t kBase = 1;
    constexpr std::int64_t kAccountPerEvent = 3;
    std::int64_t baseline = old_rules_left ? kAccountPerEvent - 1 : kAccountPerEvent;
    for (const Part& part : parts) {
        if (!part.there) baseline = std::min(baseline, std::max(kBase, part.step - 1));
    }
    return baseline;
}

std::string release_of(const std::vector<Part>& parts, const std::vector<std::string>& old) {
    std::vector<std::string> there;
    std::vector<std::string> lacking;
    for (const Part& part : parts) (part.there ? there : lacking).push_back(part.name);
    if (there.empty()) return "v87";
    if (lacking.empty() && old.empty()) return "v88";
    std::string text = "between v87 and v88: it has " + join(there);
    if (!lacking.empty()) text += "; it lacks " + join(lacking);
    if (!old.empty()) text += "; it still has " + join(old);
    return text;
}

std::int64_t count(db::Connection& connection, std::string_view sql) {
    std::int64_t rows = 0;
    connection.run(sql, {}, [&](const db::Row& row) { rows = row.integer(0); });
    return rows;
}

std::string plural(std::int64_t number, const std::string& noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::vector<std::string> other_tables(const SchemaFacts& facts) {
    std::vector<std::string> names;
    for (const auto& [object, fact] : facts) {
        if (!object.starts_with("table ")) continue;
        const std::string& name = fact.table;
        const bool ours = std::any_of(required_tables().begin(), required_tables().end(),
                                      [&name](const RequiredTable& table) { return name == table.name; });
        if (!ours) names.push_back(name);
    }
    return names;
}

/// `a***@e***.fr`: enough to know it again, too little to write to it.
std::string masked(const std::string& text) {
    const auto at = text.rfind('@');
    if (at == std::string::npos) return text;
    const auto initial = [](std::string_view word) {
        std::size_t bytes = word.empty() ? 0 : 1;
        while (bytes < word.size() && (static_cast<unsigned char>(word[bytes]) & 0xC0U) == 0x80U) ++bytes;
        return std::string(word.substr(0, bytes)) + "***";
    };
    const std::string domain = text.substr(at + 1);
    const auto dot = domain.rfind('.');
    return initial(std::string_view(text).substr(0, at)) + "@" + initial(domain) +
           (dot == std::string::npos ? "" : domain.substr(dot));
}

std::vector<std::int64_t> read_ids(const std::string& list) {
    std::vector<std::int64_t> ids;
    const char* const end = list.data() + list.size();
    for (const char* at = list.data(); at < end; ++at) {
        at = std::from_chars(at, end, ids.emplace_back()).ptr;
    }
    return ids;
}

/// Every account with the event it will have. What the third step fills in is the event that a guest joined
/// first; where that step was taken already, nothing is filled in.
std::string accounts_sql(bool has_event, bool filled) {
    const std::string event = has_event ? "u.event_id" : "CAST(NULL AS integer)";
    if (filled)
        return "WITH accounts AS (SELECT u.id, u.username, u.email, " + event + " AS event FROM users u)";
    return "WITH joined AS ("
           " SELECT DISTINCT ON (j.user_id) j.user_id, j.event_id FROM user_events j"
           " JOIN events e ON e.id = j.event_id ORDER BY j.user_id, j.joined_at, j.id"
           "), accounts AS ("
           " SELECT u.id, u.username, u.email, coalesce(" +
           event +
           ", CASE WHEN u.user_type::text = 'user' THEN joined.event_id END) AS event"
           " FROM users u LEFT JOIN joined ON joined.user_id = u.id)";
}

/// An address that is written alike everywhere is told by the rule before.
constexpr const char* kDuplicatesSql =
    " SELECT 'users_username_event_unique' AS rule, username AS value, event,"
    " string_agg(id::text, ',' ORDER BY id), min(id) AS first FROM accounts"
    " WHERE username IS NOT NULL GROUP BY username, event HAVING count(*) > 1"
    " UNION ALL SELECT 'users_email_event_unique', email, event,"
    " string_agg(id::text, ',' ORDER BY id), min(id) FROM accounts"
    " WHERE email IS NOT NULL GROUP BY email, event HAVING count(*) > 1"
    " UNION ALL SELECT 'users_email_lower_event_key', lower(email), event,"
    " string_agg(id::text, ',' ORDER BY id), min(id) FROM accounts"
    " WHERE email IS NOT NULL GROUP BY lower(email), event HAVING count(DISTINCT email) > 1"
    " ORDER BY rule DESC, first";

std::string insert_accepted_sql(const SchemaDifference& difference) {
    return std::string("INSERT INTO ") + kAcceptedTable + " (kind, object, expected, found)\nVALUES (" +
           sql_literal(to_string(difference.kind)) + ", " + sql_literal(difference.object) + ", " +
           sql_literal(difference.expected) + ", " + sql_literal(difference.found) + ");";
}

std::optional<SchemaDifference::Kind> kind_from(const std::string& name) {
    for (const auto kind :
         {SchemaDifference::Kind::missing, SchemaDifference::Kind::extra, SchemaDifference::Kind::changed}) {
        if (name == to_string(kind)) return kind;
    }
    return std::nullopt;
}

}  // namespace

Fingerprint fingerprint(db::Connection& connection) {
    if (connection.dialect() == db::Dialect::sqlite) {
        throw Error(
            ErrorCode::schema_mismatch,
            "this is no FindMe database of release v87 or v88, because those are PostgreSQL databases: see "
            "that the database URL names the right one");
    }
    const SchemaFacts facts = read_schema(connection);
    require_findme_tables(facts);
    const auto parts = parts_of_v88(facts);
    const auto old = old_rules(facts);
    Fingerprint found;
    found.release = release_of(parts, old);
    found.baseline = baseline_of(parts, !old.empty());
    found.findings.push_back("the database is FindMe's, release " + found.release);
    found.findings.push_back("it holds " +
                             plural(count(connection, "SELECT count(*) FROM users"), "account") + ", " +
                             plural(count(connection, "SELECT count(*) FROM events"), "event") + " and " +
                             plural(count(connection, "SELECT count(*) FROM photos"), "photo"));
    if (!old.empty()) {
        found.findings.push_back("accounts are unique over all events by " + join(old) +
                                 ": that goes when the rules for each event hold");
    }
    if (const auto others = other_tables(facts); !others.empty()) {
        found.findings.push_back("these tables are left alone: " + join(others));
    }
    return found;
}

std::vector<DuplicateRows> find_duplicates(db::Connection& connection) {
    constexpr std::int64_t kAccountPerEvent = 3;
    const bool has_event = read_schema(connection).contains("column users.event_id");
    const bool filled = fingerprint(connection).baseline >= kAccountPerEvent;
    std::vector<DuplicateRows> duplicates;
    connection.run(accounts_sql(has_event, filled) + kDuplicatesSql, {}, [&](const db::Row& row) {
        DuplicateRows& group = duplicates.emplace_back();
        group.rule = row.text(0);
        group.value = base::quoted(masked(row.text(1))) +
                      (row.is_null(2) ? " without an event" : " in event " + std::to_string(row.integer(2)));
        group.ids = read_ids(row.text(3));
    });
    return duplicates;
}

std::vector<SchemaDifference> accepted_differences(db::Connection& connection,
                                                   std::span<const Migration> migrations,
                                                   std::int64_t baseline) {
    auto differences =
        compare_schemas(expected_schema(connection, migrations, baseline), read_schema(connection));
    for (SchemaDifference& difference : differences) difference.accepted = true;
    return differences;
}

PlannedStep adoption_record(db::Connection& connection, const Fingerprint& fingerprint,
                            std::span<const Migration> migrations,
                            std::span<const SchemaDifference> accepted) {
    const db::Dialect dialect = connection.dialect();
    PlannedStep step;
    step.name = "adoption";
    step.statements.push_back({create_history_sql(dialect)});
    for (const Migration& migration : migrations) {
        if (migration.version > fingerprint.baseline) break;
        step.statements.push_back({insert_history_sql(dialect, migration, kBaselineAlgorithm)});
    }
    step.statements.push_back(
        {std::string("CREATE TABLE IF NOT EXISTS ") + kAcceptedTable +
         " (kind TEXT NOT NULL, object TEXT NOT NULL, expected TEXT NOT NULL, found TEXT NOT "
         "NULL, PRIMARY KEY (kind, object));"});
    step.statements.push_back({std::string("DELETE FROM ") + kAcceptedTable + ";"});
    for (const SchemaDifference& difference : accepted) {
        step.statements.push_back({insert_accepted_sql(difference)});
    }
    // They are stored readable: whoever reads the database, or an old backup of it, could set a password.
    const auto outstanding =
        count(connection, "SELECT count(*) FROM password_reset_tokens WHERE used_at IS NULL");
    step.statements.push_back({"UPDATE password_reset_tokens SET used_at = now() WHERE used_at IS NULL;"});
    if (outstanding > 0) {
        step.notes.push_back(plural(outstanding, "outstanding password-reset token") +
                             " will be void, because FindMe stores them readable");
    }
    if (const auto events = count(connection, "SELECT count(*) FROM events"); events > 0) {
        step.notes.push_back(
            "the retention of " + plural(events, "event") +
            " will be undecided: nothing is matched or purged until somebody sets it (findme "
            "event update CODE --retention-days DAYS)");
    }
    if (!accepted.empty()) {
        step.notes.push_back(plural(std::ssize(accepted), "difference") +
                             " to what findme would have made will be recorded as accepted");
    }
    return step;
}

std::vector<SchemaDifference> recorded_differences(db::Connection& connection) {
    std::vector<SchemaDifference> differences;
    const auto tables = table_names(connection);
    if (std::find(tables.begin(), tables.end(), kAcceptedTable) == tables.end()) return differences;
    connection.run("SELECT kind, object, expected, found FROM findme_schema_accepted ORDER BY object, kind",
                   {}, [&](const db::Row& row) {
                       const auto kind = kind_from(row.text(0));
                       if (!kind) return;
                       differences.push_back({*kind, row.text(1), row.text(2), row.text(3), true, false});
                   });
    return differences;
}

}  // namespace findme::store
