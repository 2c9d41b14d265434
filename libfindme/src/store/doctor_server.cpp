#include "store/doctor_server.hpp"

#include <array>
#include <iterator>
#include <optional>
#include <string_view>

namespace findme::store {
namespace {

/// All of one row; settings that a version does not know yet count as 0. Sessions of the pools are known by
/// the name that this one would have if it were not doctor's; what belongs to the server itself takes no
/// connection of max_connections. The name of a role's sessions is hidden from other roles: they count as
/// what else is connected.
constexpr const char* kServerFacts = R"(
SELECT current_setting('server_version'), CAST(current_setting('server_version_num') AS bigint),
    current_setting('server_encoding'), current_setting('transaction_read_only'),
    CAST(current_setting('max_connections') AS bigint),
    CAST(current_setting('superuser_reserved_connections') AS bigint)
        + CAST(coalesce(current_setting('reserved_connections', true), '0') AS bigint),
    s.pools, s.others,
    CAST((SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS bigint),
    CAST(d.datconnlimit AS bigint), current_setting('fsync'), current_setting('full_page_writes'),
    current_setting('autovacuum'), CAST(age(d.datfrozenxid) AS bigint)
FROM pg_database d, (
    SELECT count(*) FILTER (WHERE is_pools) AS pools, count(*) FILTER (WHERE NOT is_pools) AS others
    FROM (
        SELECT coalesce(datname = current_database() AND application_name
            = CASE current_setting('application_name') WHEN $1 THEN $2 ELSE current_setting('application_name') END, false)
            AS is_pools
        FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
    ) AS sessions
) AS s
WHERE d.datname = current_database()
)";

constexpr const char* kWithoutAutovacuum = R"(
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND lower(array_to_string(c.reloptions, ' ')) ~ 'autovacuum_enabled=(off|false|no|0|f)( |$)'
ORDER BY c.relname
)";

/// As examples/postgresql_roles.sql grants them: the history is for reading, the audit is only added to.
constexpr const char* kMissingPrivileges = R"(
WITH wanted (name, privileges) AS (
    SELECT name, 'SELECT INSERT UPDATE DELETE'
    FROM unnest(ARRAY['users', 'events', 'user_events', 'photos', 'face_matches', 'photo_faces', 'password_reset_tokens',
        'photo_paths', 'photo_models', 'faces', 'face_templates', 'account_tokens', 'consents', 'selfies', 'index_jobs']) AS name
    UNION ALL VALUES ('audit_log', 'SELECT INSERT'), ('audit_head', 'SELECT UPDATE'), ('findme_schema_history', 'SELECT')
), tables AS (
    SELECT w.name, w.privileges, c.oid FROM wanted w
    JOIN pg_class c ON c.relname = w.name AND c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
)
SELECT privilege || ' on ' || t.name FROM tables t, unnest(string_to_array(t.privileges, ' ')) AS privilege
WHERE NOT has_table_privilege(t.oid, privilege)
UNION ALL
SELECT 'USAGE on ' || s.relname FROM tables t
JOIN pg_depend d ON d.refobjid = t.oid AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_class'::regclass
    AND d.deptype IN ('a', 'i')
JOIN pg_class s ON s.oid = d.objid
WHERE CASE WHEN s.relkind = 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') ELSE false END
ORDER BY 1
)";

struct Counted {
    std::string_view table;
    const char* highest;
};

/// Whose ids a sequence gives.
constexpr std::array<Counted, 13> kCounted{{
    {"users", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM users"},
    {"events", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM events"},
    {"user_events", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM user_events"},
    {"photos", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM photos"},
    {"face_matches", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM face_matches"},
    {"photo_faces", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM photo_faces"},
    {"password_reset_tokens", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM password_reset_tokens"},
    {"photo_paths", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM photo_paths"},
    {"faces", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM faces"},
    {"account_tokens", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM account_tokens"},
    {"consents", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM consents"},
    {"selfies", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM selfies"},
    {"index_jobs", "SELECT CAST(coalesce(max(id), 0) AS bigint) FROM index_jobs"},
}};

std::int64_t integer_of(db::Connection& connection, std::string_view sql) {
    std::int64_t value = 0;
    connection.run(sql, {}, [&](const db::Row& row) { value = row.integer(0); });
    return value;
}

/// Nothing where the role may use the sequence without reading it, and nobody has used it yet.
std::optional<std::int64_t> next_value(db::Connection& connection, const std::string& sequence) {
    std::optional<std::int64_t> next;
    const auto read = [&](const db::Row& row) {
        if (!row.is_null(0)) next = row.integer(0);
    };
    bool may_read = false;
    connection.run("SELECT CAST(has_sequence_privilege($1, 'SELECT') AS integer)", {sequence},
                   [&](const db::Row& row) { may_read = row.integer(0) != 0; });
    if (may_read) {
        // A name that the catalog has quoted where it must be.
        connection.run("SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM " + sequence,
                       {}, read);
    } else {
        connection.run("SELECT pg_sequence_last_value(CAST($1 AS regclass)) + 1", {sequence}, read);
    }
    return next;
}

}  // namespace

ServerFacts read_server_facts(db::Connection& connection, const std::string& own_name,
                              const std::string& pool_name) {
    ServerFacts facts;
    const auto is_on = [](const db::Row& row, int column) { return row.text(column) == "on"; };
    connection.run(kServerFacts, {own_name, pool_name}, [&](const db::Row& row) {
        facts.version = row.text(0).substr(0, row.text(0).find(' '));
        facts.version_number = row.integer(1);
        facts.encoding = row.text(2);
        facts.read_only = is_on(row, 3);
        facts.max_connections = row.integer(4);
        facts.reserved_connections = row.integer(5);
        facts.pool_connections = row.integer(6);
        facts.other_connections = row.integer(7);
        facts.role_limit = row.integer(8);
        facts.database_limit = row.integer(9);
        facts.fsync = is_on(row, 10);
        facts.full_page_writes = is_on(row, 11);
        facts.autovacuum = is_on(row, 12);
        facts.transaction_age = row.integer(13);
    });
    connection.run(kWithoutAutovacuum, {},
                   [&](const db::Row& row) { facts.tables_without_autovacuum.push_back(row.text(0)); });
    return facts;
}

std::vector<std::string> missing_privileges(db::Connection& connection) {
    std::vector<std::string> missing;
    if (integer_of(connection, "SELECT CAST(current_schema() IS NULL AS integer)") != 0)
        return {"USAGE on the schema"};
    connection.run(kMissingPrivileges, {}, [&](const db::Row& row) { missing.push_back(row.text(0)); });
    return missing;
}

std::vector<std::string> counted_tables() {
    std::vector<std::string> tables;
    tables.reserve(std::size(kCounted));
    for (const Counted& counted : kCounted) tables.emplace_back(counted.table);
    return tables;
}

std::vector<SequenceBehind> sequences_behind(db::Connection& connection) {
    std::vector<SequenceBehind> behind;
    for (const Counted& counted : kCounted) {
        SequenceBehind found;
        found.table = counted.table;
        connection.run("SELECT pg_get_serial_sequence($1, 'id')", {found.table}, [&](const db::Row& row) {
            if (!row.is_null(0)) found.sequence = row.text(0);
        });
        if (found.sequence.empty()) continue;
        const auto next = next_value(connection, found.sequence);
        if (!next) continue;
        found.next = *next;
        found.highest = integer_of(connection, counted.highest);
        if (found.next <= found.highest) behind.push_back(std::move(found));
    }
    return behind;
}

std::int64_t move_sequence_on(db::Connection& connection, const SequenceBehind& sequence) {
    std::int64_t highest = sequence.highest;
    for (const Counted& counted : kCounted) {
        if (counted.table == sequence.table) highest = integer_of(connection, counted.highest);
    }
    // Never back: numbers that are handed out may belong to rows that are not committed yet.
    connection.run(
        "SELECT setval(CAST($1 AS regclass), greatest(CAST($2 AS bigint),"
        " coalesce(pg_sequence_last_value(CAST($1 AS regclass)), 0)))",
        {sequence.sequence, highest});
    return highest + 1;
}

}  // namespace findme::store
