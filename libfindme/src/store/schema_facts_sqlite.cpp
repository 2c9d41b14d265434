#include <stdlib.h>

#include <cctype>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "findme/error.hpp"
#include "store/migration.hpp"
#include "store/schema_facts.hpp"
#include "store/schema_facts_readers.hpp"

namespace findme::store {
namespace {

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_quote(char c) {
    return c == '\'' || c == '"' || c == '`';
}

/// The place behind the comment that begins at `at`; `at` where none does.
std::size_t after_comment(std::string_view sql, std::size_t at) {
    const bool line = sql.substr(at, 2) == "--";
    if (!line && sql.substr(at, 2) != "/*") return at;
    const auto end = line ? sql.find('\n', at) : sql.find("*/", at);
    if (end == std::string_view::npos) return sql.size();
    return end + (line ? 1 : 2);
}

/// The place behind the quoted name or text that begins at `at`. A doubled quote ends one and begins another,
/// which comes to the same.
std::size_t after_quoted(std::string_view sql, std::size_t at) {
    const auto end = sql.find(sql[at], at + 1);
    return end == std::string_view::npos ? sql.size() : end + 1;
}

/// SQL as it was written, without its comments, with one blank where blanks mean something and none
/// elsewhere.
std::string normalised_words(std::string_view sql) {
    std::string words;
    bool blank = false;
    for (std::size_t at = 0; at < sql.size();) {
        if (const auto behind = after_comment(sql, at); behind != at) {
            at = behind;
            blank = true;
        } else if (std::isspace(static_cast<unsigned char>(sql[at])) != 0) {
            ++at;
            blank = true;
        } else {
            const auto end = is_quote(sql[at]) ? after_quoted(sql, at) : at + 1;
            const bool tight = words.empty() || words.back() == '(' || sql[at] == ')' || sql[at] == ',';
            if (blank && !tight) words += ' ';
            blank = false;
            words += sql.substr(at, end - at);
            at = end;
        }
    }
    return words;
}

/// The place behind the parenthesis that closes the one at `open`.
std::size_t after_closing(std::string_view sql, std::size_t open) {
    int depth = 0;
    for (std::size_t at = open; at < sql.size();) {
        if (is_quote(sql[at])) {
            at = after_quoted(sql, at);
            continue;
        }
        if (sql[at] == '(') ++depth;
        if (sql[at] == ')') --depth;
        ++at;
        if (depth == 0) return at;
    }
    return sql.size();
}

/// What a normalised CREATE TABLE lists: its columns and table constraints.
std::vector<std::string> table_items(std::string_view create_table) {
    std::vector<std::string> items;
    const auto open = create_table.find('(');
    if (open == std::string_view::npos) return items;
    const auto end = after_closing(create_table, open) - 1;
    std::size_t begin = open + 1;
    for (std::size_t at = begin; at <= end && at < create_table.size();) {
        if (at == end || create_table[at] == ',') {
            items.emplace_back(base::trimmed(create_table.substr(begin, at - begin)));
            begin = ++at;
        } else if (create_table[at] == '(') {
            at = after_closing(create_table, at);
        } else {
            at = is_quote(create_table[at]) ? after_quoted(create_table, at) : at + 1;
        }
    }
    return items;
}

std::string first_word(std::string_view item) {
    if (!item.empty() && is_quote(item.front()))
        return std::string(item.substr(1, after_quoted(item, 0) - 2));
    std::size_t end = 0;
    while (end < item.size() && is_word(item[end])) ++end;
    return std::string(item.substr(0, end));
}

/// The CHECKs of a normalised item, as in `CHECK (is_active IN (0, 1))`.
std::vector<std::string> checks_in(std::string_view item) {
    std::vector<std::string> checks;
    for (std::size_t at = 0; at < item.size();) {
        if (is_quote(item[at])) {
            at = after_quoted(item, at);
        } else if (!is_word(item[at])) {
            ++at;
        } else {
            const auto begin = at;
            while (at < item.size() && is_word(item[at])) ++at;
            const auto open = item.find_first_not_of(' ', at);
            const bool check = base::to_lower_ascii(item.substr(begin, at - begin)) == "check";
            if (!check || open == std::string_view::npos || item[open] != '(') continue;
            at = after_closing(item, open);
            checks.push_back("CHECK " + std::string(item.substr(open, at - open)));
        }
    }
    return checks;
}

/// How a normalised item compares texts, as in ` collate nocase`; nothing where it does not say.
std::string collation_in(std::string_view item) {
    constexpr std::string_view kCollate = "collate ";
    for (std::size_t at = 0; at < item.size();) {
        if (item[at] == '(') {
            at = after_closing(item, at);  // Words of a condition.
        } else if (is_quote(item[at])) {
            at = after_quoted(item, at);
        } else if (!is_word(item[at])) {
            ++at;
        } else if (base::to_lower_ascii(item.substr(at, kCollate.size())) == kCollate) {
            return " collate " + base::to_lower_ascii(first_word(item.substr(at + kCollate.size())));
        } else {
            while (at < item.size() && is_word(item[at])) ++at;
        }
    }
    return {};
}

/// Reads one schema, table by table.
class Reader {
  public:
    explicit Reader(db::Connection& connection) : connection_(connection) {}

    SchemaFacts read() {
        std::vector<std::pair<std::string, std::string>> tables;
        connection_.run(
            "SELECT l.name, 'table' || CASE l.strict WHEN 1 THEN ' strict' ELSE '' END"
            " || CASE l.wr WHEN 1 THEN ' without rowid' ELSE '' END, s.sql"
            " FROM pragma_table_list l JOIN sqlite_schema s ON s.type = 'table' AND s.name = l.name"
            " WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            " AND l.name NOT IN ('findme_schema_history', 'findme_schema_accepted')",
            {}, [&](const db::Row& row) {
                add("table " + row.text(0), row.text(0), row.text(1));
                tables.emplace_back(row.text(0), normalised_words(row.text(2)));
            });
        for (const auto& [table, sql] : tables) {
            read_columns(table, sql);
            read_foreign_keys(table);
            read_checks(table, sql);
            read_unique_constraints(table);
        }
        read_indexes_and_triggers();
        return std::move(facts_);
    }

  private:
    SchemaFact& add(const std::string& object, const std::string& table, const std::string& definition) {
        return facts_[object] = SchemaFact{table, definition, {}};
    }

    /// @param sql  of the table, normalised: no pragma tells of its collations.
    void read_columns(const std::string& table, const std::string& sql) {
        const bool autoincrement = base::to_lower_ascii(sql).find(" autoincrement") != std::string::npos;
        std::map<std::string, std::string> collations;
        for (const std::string& item : table_items(sql)) collations[first_word(item)] = collation_in(item);
        std::map<std::int64_t, std::string> key;
        connection_.run(
            "SELECT name, type, CASE \"notnull\" WHEN 1 THEN ' not null' ELSE '' END"
            " || CASE WHEN hidden > 1 THEN ' generated' ELSE '' END"
            " || CASE WHEN dflt_value IS NULL THEN '' ELSE ' default ' || dflt_value END, pk"
            " FROM pragma_table_xinfo($1)",
            {table}, [&](const db::Row& row) {
                const std::string identity = row.integer(3) == 1 && autoincrement ? " autoincrement" : "";
                add("column " + table + "." + row.text(0), table,
                    row.text(1) + collations[row.text(0)] + row.text(2) + identity);
                if (row.integer(3) > 0) key[row.integer(3)] = row.text(0);
            });
        std::string columns;
        for (const auto& [place, column] : key) columns += (columns.empty() ? "" : ", ") + column;
        if (!key.empty()) add_constraint(table, "pkey", "PRIMARY KEY (" + columns + ")");
    }

    /// Named as PostgreSQL names those that were not given a name.
    void add_constraint(const std::string& table, const std::string& rest, const std::string& definition) {
        std::string object = "constraint ";
        object.append(table).append(".").append(table).append("_").append(rest);
        add(object, table, definition);
    }

    void read_foreign_keys(const std::string& table) {
        struct ForeignKey {
            std::string columns, name, target, target_columns, actions;
        };
        std::map<std::int64_t, ForeignKey> keys;
        connection_.run(
            "SELECT id, \"from\", \"table\", coalesce(\"to\", 'id'),"
            " CASE on_update WHEN 'NO ACTION' THEN '' ELSE ' ON UPDATE ' || on_update END"
            " || CASE on_delete WHEN 'NO ACTION' THEN '' ELSE ' ON DELETE ' || on_delete END"
            " FROM pragma_foreign_key_list($1) ORDER BY id, seq",
            {table}, [&](const db::Row& row) {
                ForeignKey& key = keys[row.integer(0)];
                const char* comma = key.columns.empty() ? "" : ", ";
                key.columns += comma + row.text(1);
                key.name += row.text(1) + "_";
                key.target = row.text(2);
                key.target_columns += comma + row.text(3);
                key.actions = row.text(4);
            });
        for (const auto& [id, key] : keys) {
            add_constraint(table, key.name + "fkey",
                           "FOREIGN KEY (" + key.columns + ") REFERENCES " + key.target + "(" +
                               key.target_columns + ")" + key.actions);
        }
    }

    void read_checks(const std::string& table, const std::string& sql) {
        for (const std::string& item : table_items(sql)) {
            const std::string name = first_word(item) + "_check";
            int number = 0;
            for (const std::string& check : checks_in(item)) {
                add_constraint(table, number == 0 ? name : name + std::to_string(number), check);
                ++number;
            }
        }
    }

    void read_unique_constraints(const std::string& table) {
        connection_.run(
            "SELECT l.name, group_concat(i.name, ', ') FROM pragma_index_list($1) l, "
            "pragma_index_info(l.name) i"
            " WHERE l.origin = 'u' GROUP BY l.name",
            {table},
            [&](const db::Row& row) { add("index " + row.text(0), table, "UNIQUE (" + row.text(1) + ")"); });
    }

    void read_indexes_and_triggers() {
        connection_.run(
            "SELECT type, name, tbl_name, coalesce(sql, '')"
            " FROM sqlite_schema WHERE type IN ('index', 'trigger')",
            {}, [&](const db::Row& row) {
                const std::string object = row.text(0) == "index"
                                               ? "index " + row.text(1)
                                               : "trigger " + row.text(2) + "." + row.text(1);
                if (!facts_.contains("table " + row.text(2))) return;
                if (row.text(3).empty()) return;  // A constraint's own.
                add(object, row.text(2), normalised_words(row.text(3))).create_sql = {
                    "DROP " + row.text(0) + " IF EXISTS \"" + row.text(1) + "\";", row.text(3) + ";"};
            });
    }

    db::Connection& connection_;
    SchemaFacts facts_;
};

/// A folder of its own that goes with the object.
class ScratchFolder {
  public:
    ScratchFolder() : path_(P_tmpdir "/findme-schema-XXXXXX") {
        if (::mkdtemp(path_.data()) == nullptr) {
            throw Error(ErrorCode::store_unreachable,
                        "cannot make a scratch database in " P_tmpdir ": see that it can be written",
                        P_tmpdir);
        }
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder() {
        try {
            std::filesystem::remove_all(path_);
        } catch (...) {
            // Whatever empties the folder of temporary files will empty this one.
        }
    }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace

SchemaFacts read_sqlite_schema(db::Connection& connection) {
    return Reader(connection).read();
}

SchemaFacts expected_sqlite_schema(std::span<const Migration> migrations) {
    const ScratchFolder folder;
    const auto database = db::open_database("sqlite:" + folder.path() + "/schema.db", db::OpenOptions{});
    const auto connection = database->connect();
    db::Transaction transaction(*connection, db::Access::write);
    run_scripts(*connection, migrations);
    return read_sqlite_schema(*connection);
}

}  // namespace findme::store
