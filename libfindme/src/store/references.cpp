#include "store/references.hpp"

#include <algorithm>

namespace findme::store {
namespace {

/// Both give: table, column, rule, whether the column is NOT NULL.
constexpr const char* kSqliteReferences = R"(
SELECT l.name, f."from", upper(f.on_delete), c."notnull"
FROM pragma_table_list l
JOIN pragma_foreign_key_list(l.name) f
JOIN pragma_table_info(l.name) c ON lower(c.name) = lower(f."from")
WHERE l.schema = 'main' AND l.type = 'table' AND lower(f."table") = lower($1)
    AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(l.name) o WHERE o.id = f.id AND o.seq > 0)
ORDER BY l.name, f."from"
)";

constexpr const char* kPostgresqlReferences = R"(
SELECT t.relname, a.attname,
    CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
                       WHEN 'r' THEN 'RESTRICT' ELSE 'NO ACTION' END, a.attnotnull
FROM pg_constraint k
JOIN pg_class t ON t.oid = k.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'f' AND k.conparentid = 0 AND cardinality(k.conkey) = 1
    AND k.confrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1))
ORDER BY t.relname COLLATE "C", a.attname COLLATE "C"
)";

/// Both give: name, what makes JSON text of the quoted name `@`.
constexpr const char* kSqliteColumns = R"(
SELECT name, 'CASE typeof(@) WHEN ''blob'' THEN json_quote(lower(hex(@))) ELSE json_quote(@) END'
FROM pragma_table_xinfo($1) WHERE hidden <> 1 ORDER BY cid
)";

constexpr const char* kPostgresqlColumns = R"(
SELECT a.attname,
    CASE format_type(a.atttypid, NULL)
        WHEN 'bytea' THEN 'CAST(to_json(encode(@, ''hex'')) AS text)'
        WHEN 'timestamp with time zone'
            THEN 'CAST(to_json(to_char(@ AT TIME ZONE ''UTC'', ''YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'')) AS text)'
        ELSE 'CAST(to_json(@) AS text)' END
FROM pg_attribute a
WHERE a.attrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1))
    AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
)";

struct Column {
    std::string name;
    std::string as_json;  ///< SQL.
};

/// For names without control characters and backslashes, which a column has in neither catalog of this
/// project.
std::string json_key(const std::string& name) {
    std::string key = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\') key += '\\';
        key += c;
    }
    return key + '"';
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size())) {
        text.replace(at, part.size(), by);
    }
    return text;
}

std::vector<Column> columns_of(db::Connection& connection, const std::string& table) {
    const bool sqlite = connection.dialect() == db::Dialect::sqlite;
    std::vector<Column> columns;
    connection.run(sqlite ? kSqliteColumns : kPostgresqlColumns, {table}, [&](const db::Row& row) {
        columns.push_back({row.text(0), replaced(row.text(1), "@", quoted_identifier(row.text(0)))});
    });
    return columns;
}

}  // namespace

std::string quoted_identifier(std::string_view name) {
    return '"' + replaced(std::string(name), "\"", "\"\"") + '"';
}

std::vector<Reference> references_to(db::Connection& connection, std::string_view table) {
    const bool sqlite = connection.dialect() == db::Dialect::sqlite;
    std::vector<Reference> references;
    connection.run(sqlite ? kSqliteReferences : kPostgresqlReferences, {std::string(table)},
                   [&](const db::Row& row) {
                       references.push_back({row.text(0), row.text(1), row.text(2), row.integer(3) != 0});
                   });
    return references;
}

std::int64_t count_rows(db::Connection& connection, const Reference& reference, std::int64_t id) {
    std::int64_t rows = 0;
    connection.run("SELECT count(*) FROM " + quoted_identifier(reference.table) + " WHERE " +
                       quoted_identifier(reference.column) + " = $1",
                   {id}, [&](const db::Row& row) { rows = row.integer(0); });
    return rows;
}

std::string rows_as_json(db::Connection& connection, const std::string& table, const std::string& column,
                         std::int64_t id, std::span<const std::string> hidden_columns) {
    const auto is_hidden = [&](const Column& candidate) {
        return std::find(hidden_columns.begin(), hidden_columns.end(), candidate.name) !=
               hidden_columns.end();
    };
    const std::vector<Column> columns = columns_of(connection, table);
    std::string select;
    for (const Column& shown : columns) {
        select += select.empty() ? "SELECT " : ", ";
        select += is_hidden(shown) ? "'\"(not shown)\"'" : "coalesce(" + shown.as_json + ", 'null')";
    }
    std::string rows;
    connection.run(select + " FROM " + quoted_identifier(table) + " WHERE " + quoted_identifier(column) +
                       " = $1 ORDER BY " + quoted_identifier(columns.front().name),
                   {id}, [&](const db::Row& row) {
                       rows += rows.empty() ? "{" : ",{";
                       for (std::size_t i = 0; i < columns.size(); ++i) {
                           if (i > 0) rows += ',';
                           rows += json_key(columns[i].name) + ':' + row.text(static_cast<int>(i));
                       }
                       rows += '}';
                   });
    return '[' + rows + ']';
}

}  // namespace findme::store
