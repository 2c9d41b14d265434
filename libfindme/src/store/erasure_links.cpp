#include "store/erasure_links.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "store/references.hpp"

namespace findme::store {
namespace {

/// A column that holds ids of subjects.
struct Link {
    Reference reference;
    std::string target;    ///< users, events or photos.
    bool goes = false;     ///< The row goes with the subject; otherwise it forgets it.
    bool by_hand = false;  ///< The schema does nothing by itself.
};

struct KnownLink {
    std::string_view target;
    std::string_view table;
    std::string_view column;
    bool goes;
};

/// What refers by meaning, in case an adopted database has lost the foreign key.
constexpr std::array<KnownLink, 21> kKnownLinks{{
    {"users", "user_events", "user_id", true},
    {"users", "face_matches", "user_id", true},
    {"users", "password_reset_tokens", "user_id", true},
    {"users", "account_tokens", "user_id", true},
    {"users", "selfies", "user_id", true},
    {"users", "consents", "user_id", true},
    {"users", "photos", "user_id", false},
    {"users", "photos", "photographer_id", false},
    {"users", "events", "photographer_id", false},
    {"events", "user_events", "event_id", true},
    {"events", "photos", "event_id", true},
    {"events", "photo_faces", "event_id", true},
    {"events", "photo_paths", "event_id", true},
    {"events", "index_jobs", "event_id", true},
    {"events", "face_templates", "event_id", true},
    {"events", "faces", "event_id", true},
    {"events", "users", "event_id", false},
    {"photos", "face_matches", "photo_id", true},
    {"photos", "photo_faces", "photo_id", true},
    {"photos", "photo_paths", "photo_id", true},
    {"photos", "photo_models", "photo_id", true},
}};

/// Photos hang on accounts, and accounts on events.
constexpr std::array<std::string_view, 3> kOrder{"photos", "users", "events"};

Link link_of(Reference reference, const std::string& target) {
    Link link;
    const std::string& rule = reference.on_delete;
    const bool forgets = rule == "SET NULL" || rule == "SET DEFAULT";
    link.goes = rule == "CASCADE" || (!forgets && reference.required);
    link.by_hand = rule != "CASCADE" && !forgets;
    link.target = target;
    link.reference = std::move(reference);
    return link;
}

std::vector<Link> links_to(db::Connection& connection, const std::string& target) {
    std::vector<Link> links;
    for (Reference& reference : references_to(connection, target)) {
        links.push_back(link_of(std::move(reference), target));
    }
    for (const KnownLink& known : kKnownLinks) {
        if (known.target != target) continue;
        const bool there = std::any_of(links.begin(), links.end(), [&](const Link& link) {
            return link.reference.table == known.table && link.reference.column == known.column;
        });
        if (there) continue;
        links.push_back({{std::string(known.table), std::string(known.column), "", known.goes},
                         target,
                         known.goes,
                         true});
    }
    return links;
}

/// A count of rows that any of several conditions finds, put together piece by piece.
class Count {
  public:
    Count(const db::Connection& connection, std::string table)
        : connection_(connection), proof_{std::move(table), "", {}} {}

    void add(const std::string& column, const Ids& ids) {
        proof_.parameters.push_back(ids_value(connection_, ids));
        proof_.count_sql += proof_.count_sql.empty() ? " WHERE " : " OR ";
        proof_.count_sql += quoted_identifier(column) + ' ' +
                            is_one_of(connection_, "$" + std::to_string(proof_.parameters.size()));
    }
    [[nodiscard]] bool empty() const { return proof_.parameters.empty(); }
    [[nodiscard]] ErasureProof finish() && {
        proof_.count_sql = "SELECT count(*) FROM " + quoted_identifier(proof_.table) + proof_.count_sql;
        return std::move(proof_);
    }

  private:
    const db::Connection& connection_;
    ErasureProof proof_;
};

std::int64_t ask(db::Connection& connection, const ErasureProof& proof) {
    std::int64_t rows = 0;
    connection.run(proof.count_sql, proof.parameters, [&](const db::Row& row) { rows = row.integer(0); });
    return rows;
}

void remove_some(db::Connection& connection, const std::string& target, const Ids& ids) {
    if (ids.empty()) return;
    const auto change = [&](const std::string& what, const std::string& column) {
        connection.run(what + " WHERE " + quoted_identifier(column) + ' ' + is_one_of(connection, "$1"),
                       std::array{ids_value(connection, ids)}, nullptr);
    };
    for (const Link& link : links_to(connection, target)) {
        if (!link.by_hand) continue;
        const std::string table = quoted_identifier(link.reference.table);
        const std::string& column = link.reference.column;
        change(link.goes ? "DELETE FROM " + table
                         : "UPDATE " + table + " SET " + quoted_identifier(column) + " = NULL",
               column);
    }
    change("DELETE FROM " + quoted_identifier(target), "id");
}

}  // namespace

db::Value ids_value(const db::Connection& connection, const Ids& ids) {
    const bool sqlite = connection.dialect() == db::Dialect::sqlite;
    std::string text;
    for (const std::int64_t id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
    return sqlite ? '[' + text + ']' : '{' + text + '}';
}

std::string is_one_of(const db::Connection& connection, const std::string& placeholder) {
    const bool sqlite = connection.dialect() == db::Dialect::sqlite;
    return sqlite ? "IN (SELECT value FROM json_each(" + placeholder + "))"
                  : "= ANY (CAST(" + placeholder + " AS BIGINT[]))";
}

Erasure look_at(db::Connection& connection, const Subjects& subjects) {
    std::map<std::string, std::vector<Link>> by_table;
    for (const auto& [target, ids] : subjects) {
        by_table[target].push_back({{target, "id", "", true}, target, true, false});
        for (Link& link : links_to(connection, target))
            by_table[link.reference.table].push_back(std::move(link));
    }
    Erasure erasure;
    for (const auto& [table, links] : by_table) {
        Count goes(connection, table);
        Count refers(connection, table);
        for (const Link& link : links) {
            const Ids& ids = subjects.at(link.target);
            refers.add(link.reference.column, ids);
            if (link.goes) goes.add(link.reference.column, ids);
        }
        erasure.found[table] = goes.empty() ? 0 : ask(connection, std::move(goes).finish());
        erasure.proofs.push_back(std::move(refers).finish());
    }
    return erasure;
}

void remove_rows(db::Connection& connection, const Subjects& subjects) {
    for (const std::string_view target : kOrder) {
        const auto found = subjects.find(std::string(target));
        if (found != subjects.end()) remove_some(connection, found->first, found->second);
    }
}

Erasure remove(db::Connection& connection, const Subjects& subjects) {
    Erasure erasure = look_at(connection, subjects);
    remove_rows(connection, subjects);
    return erasure;
}

}  // namespace findme::store
