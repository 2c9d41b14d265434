#include "store/doctor_repository.hpp"

#include <array>

#include "store/columns.hpp"

namespace findme::store {
namespace {

std::int64_t integer_of(db::Connection& connection, std::string_view sql,
                        std::initializer_list<db::Value> parameters = {}) {
    std::int64_t value = 0;
    connection.run(sql, parameters, [&](const db::Row& row) { value = row.integer(0); });
    return value;
}

/// Parents before what hangs on their children: removing a face takes its template along.
constexpr std::array<OrphanRule, 15> kOrphanRules{{
    {"photos", "event_id", "events"},
    {"users", "event_id", "events"},
    {"user_events", "user_id", "users"},
    {"user_events", "event_id", "events"},
    {"consents", "user_id", "users"},
    {"selfies", "user_id", "users"},
    {"account_tokens", "user_id", "users", true},
    {"faces", "photo_id", "photos", true},
    {"face_templates", "face_id", "faces", true},
    {"photo_paths", "photo_id", "photos", true},
    {"photo_models", "photo_id", "photos", true},
    {"face_matches", "photo_id", "photos", true},
    {"face_matches", "user_id", "users", true},
    {"photo_faces", "photo_id", "photos"},
    {"index_jobs", "event_id", "events", true},
}};

/// Of names from the list above.
std::string orphans_sql(const OrphanRule& rule) {
    const std::string column = std::string(rule.table) + "." + std::string(rule.column);
    return " FROM " + std::string(rule.table) + " WHERE " + column +
           " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM " + std::string(rule.parent) +
           " parent WHERE parent.id = " + column + ")";
}

/// Times that only the past can have made.
constexpr const char* kTimesAfter = R"(
SELECT 'users.created_at', count(*) FROM users WHERE created_at > $1
UNION ALL SELECT 'events.created_at', count(*) FROM events WHERE created_at > $1
UNION ALL SELECT 'photos.uploaded_at', count(*) FROM photos WHERE uploaded_at > $1
UNION ALL SELECT 'photos.updated_at', count(*) FROM photos WHERE updated_at > $1
UNION ALL SELECT 'account_tokens.created_at', count(*) FROM account_tokens WHERE created_at > $1
UNION ALL SELECT 'consents.given_at', count(*) FROM consents WHERE given_at > $1
UNION ALL SELECT 'selfies.created_at', count(*) FROM selfies WHERE created_at > $1
UNION ALL SELECT 'audit_log.at', count(*) FROM audit_log WHERE at > $1
UNION ALL SELECT 'index_jobs.queued_at', count(*) FROM index_jobs WHERE queued_at > $1
)";

}  // namespace

std::vector<std::string> old_user_rules(db::Connection& connection) {
    std::vector<std::string> rules;
    connection.run(connection.dialect() == db::Dialect::sqlite
                       ? "SELECT name FROM pragma_index_list('users') WHERE name IN ('users_email_key',"
                         " 'users_username_key', 'ix_users_email', 'ix_users_username') ORDER BY name"
                       : "SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
                         " WHERE x.indrelid = to_regclass('users') AND c.relname IN ('users_email_key',"
                         " 'users_username_key', 'ix_users_email', 'ix_users_username') ORDER BY c.relname",
                   {}, [&](const db::Row& row) { rules.push_back(row.text(0)); });
    return rules;
}

FileFacts read_file_facts(db::Connection& connection) {
    FileFacts facts;
    const std::int64_t page_bytes = integer_of(connection, "PRAGMA page_size");
    facts.size_bytes = page_bytes * integer_of(connection, "PRAGMA page_count");
    facts.free_bytes = page_bytes * integer_of(connection, "PRAGMA freelist_count");
    connection.run("PRAGMA quick_check(10)", {}, [&](const db::Row& row) {
        if (row.text(0) != "ok") facts.damage.push_back(row.text(0));
    });
    return facts;
}

std::span<const OrphanRule> orphan_rules() {
    return kOrphanRules;
}

std::int64_t count_orphans(db::Connection& connection, const OrphanRule& rule) {
    return integer_of(connection, "SELECT count(*)" + orphans_sql(rule));
}

std::int64_t delete_orphans(db::Connection& connection, const OrphanRule& rule) {
    return connection.run("DELETE" + orphans_sql(rule));
}

std::int64_t count_faces_without_template(db::Connection& connection) {
    return integer_of(connection,
                      "SELECT count(*) FROM faces f WHERE NOT EXISTS"
                      " (SELECT 1 FROM face_templates t WHERE t.face_id = f.id)");
}

std::vector<OtherModel> faces_of_other_models(db::Connection& connection, const ModelId& current) {
    std::vector<OtherModel> found;
    connection.run(
        "SELECT event_id, model_id, count(*) FROM faces WHERE model_id <> $1"
        " GROUP BY event_id, model_id ORDER BY event_id, model_id",
        {current}, [&](const db::Row& row) {
            found.push_back({row.integer(0), row.text(1), row.integer(2)});
        });
    return found;
}

std::vector<OtherModel> selfies_of_other_models(db::Connection& connection, const ModelId& current) {
    std::vector<OtherModel> found;
    connection.run(
        "SELECT model_id, count(*) FROM selfies WHERE model_id <> $1 GROUP BY model_id ORDER BY model_id",
        {current}, [&](const db::Row& row) {
            found.push_back({0, row.text(0), row.integer(1)});
        });
    return found;
}

void for_each_template(db::Connection& connection, TemplatesOf which, std::int64_t after, std::int64_t limit,
                       const std::function<void(const KeptTemplate&)>& visit) {
    connection.run(which == TemplatesOf::faces
                       ? "SELECT face_id, model_id, template FROM face_templates WHERE face_id > $1 ORDER BY "
                         "face_id LIMIT $2"
                       : "SELECT id, model_id, template FROM selfies WHERE id > $1 ORDER BY id LIMIT $2",
                   {after, limit}, [&](const db::Row& row) {
                       visit({row.integer(0), row.text(1), row.bytes(2)});
                   });
}

std::vector<IndexedPath> list_paths(db::Connection& connection, std::int64_t after, std::int64_t limit) {
    std::vector<IndexedPath> paths;
    connection.run(
        "SELECT id, photo_id, path, size_bytes FROM photo_paths WHERE id > $1 ORDER BY id LIMIT $2",
        {after, limit}, [&](const db::Row& row) {
            paths.push_back({row.integer(0), row.integer(1), read_path(row, 2), row.integer(3)});
        });
    return paths;
}

std::int64_t count_unfinished_photos(db::Connection& connection, Timestamp before) {
    return integer_of(connection,
                      "SELECT count(*) FROM photos WHERE processing_status = 'PROCESSING'"
                      " AND updated_at < $1",
                      {to_iso8601(before)});
}

std::int64_t put_back_unfinished_photos(db::Connection& connection, Timestamp before) {
    return connection.run(
        "UPDATE photos SET processing_status = 'PENDING' WHERE processing_status = 'PROCESSING'"
        " AND updated_at < $1",
        {to_iso8601(before)});
}

std::int64_t count_failed_photos(db::Connection& connection) {
    return integer_of(connection, "SELECT count(*) FROM photos WHERE processing_status = 'FAILED'");
}

std::vector<std::int64_t> selfies_without_consent(db::Connection& connection) {
    std::vector<std::int64_t> ids;
    connection.run(
        "SELECT s.id FROM selfies s LEFT JOIN consents c ON c.id = s.consent_id AND c.user_id = s.user_id"
        " WHERE c.id IS NULL ORDER BY s.id",
        {}, [&](const db::Row& row) { ids.push_back(row.integer(0)); });
    return ids;
}

std::int64_t count_tokens_ended(db::Connection& connection, Timestamp before) {
    return integer_of(
        connection, "SELECT count(*) FROM account_tokens WHERE coalesce(used_at, voided_at, expires_at) < $1",
        {to_iso8601(before)});
}

std::vector<FutureTimes> times_after(db::Connection& connection, Timestamp now) {
    std::vector<FutureTimes> found;
    connection.run(kTimesAfter, {to_iso8601(now)}, [&](const db::Row& row) {
        if (row.integer(1) > 0) found.push_back({row.text(0), row.integer(1)});
    });
    return found;
}

}  // namespace findme::store
