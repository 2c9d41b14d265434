#include <algorithm>

#include "findme/error.hpp"
#include "store/adoption.hpp"
#include "store/schema_facts.hpp"

namespace findme::store {
namespace {

/// The steps up to here are FindMe's own releases; what they make may be there already. What the later ones
/// make is findme's.
constexpr std::int64_t kLastOfFindMe = 3;

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// Foreign keys of other tables that lean on the uniqueness of e-mails or usernames, which goes.
std::vector<std::string> references_to_old_rules(db::Connection& connection) {
    std::vector<std::string> names;
    connection.run(
        "SELECT c.conrelid::regclass::text || '.' || c.conname FROM pg_constraint c"
        " JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = ANY (c.confkey)"
        " WHERE c.contype = 'f' AND c.confrelid = to_regclass('users') AND a.attname IN ('email', 'username')"
        " ORDER BY 1",
        {}, [&](const db::Row& row) { names.push_back(row.text(0)); });
    return names;
}

}  // namespace

void require_no_conflicts(db::Connection& connection, std::span<const Migration> migrations) {
    const SchemaFacts live = read_schema(connection);
    const auto newest = std::ssize(migrations);
    const SchemaFacts theirs = expected_schema(connection, migrations, std::min(newest, kLastOfFindMe));
    std::vector<std::string> taken;
    for (const auto& [object, fact] : expected_schema(connection, migrations, newest)) {
        // A table's columns and indexes are told by the table.
        const bool in_new_table = !theirs.contains("table " + fact.table) && object != "table " + fact.table;
        if (!in_new_table && !theirs.contains(object) && live.contains(object)) taken.push_back(object);
    }
    if (!taken.empty()) {
        throw Error(
            ErrorCode::schema_mismatch,
            "the database has things of its own where findme puts its own of the same name: rename or drop " +
                joined(taken) + ", then adopt again (nothing was changed)",
            taken.front());
    }
    if (const auto leaning = references_to_old_rules(connection); !leaning.empty()) {
        throw Error(
            ErrorCode::schema_mismatch,
            "foreign keys refer to users by e-mail or username, which are unique within an event only from "
            "now on: drop " +
                joined(leaning) + ", then adopt again (nothing was changed)",
            leaning.front());
    }
}

}  // namespace findme::store
