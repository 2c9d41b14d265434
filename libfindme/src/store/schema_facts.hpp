#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/migrate.hpp"
#include "store/migration.hpp"

namespace findme::store {

/// One thing a schema holds.
struct SchemaFact {
    std::string table;  ///< It belongs to.
    std::string
        definition;  ///< In the dialect's own words, normalised, so that equal things have equal texts.
    /// Makes it again without loss; empty where nothing does. Scripts, each sent by itself: what runs
    /// CONCURRENTLY runs in no transaction. Of a column it sets the default right and nothing else.
    std::vector<std::string> create_sql;
};

/// By object: `table users`, `column users.email`, `index users_email_event_unique`,
/// `constraint users.users_event_id_fkey`, `trigger ...`. Tables of the migration history are left out. What
/// makes columns unique is an index, whether it was declared as an index or as a constraint.
using SchemaFacts = std::map<std::string, SchemaFact>;

/// What the live schema (PostgreSQL: the current one) holds.
[[nodiscard]] SchemaFacts read_schema(db::Connection& connection);

/// What the steps up to `version` make in an empty schema: made in a scratch one and undone; nothing of it
/// stays.
/// @errors throws Error{store_denied} when the role may not make a schema (PostgreSQL).
[[nodiscard]] SchemaFacts expected_schema(db::Connection& connection, std::span<const Migration> migrations,
                                          std::int64_t version);

/// Tables and functions that no migration makes are another program's: neither they nor what belongs to them
/// is a difference. Of a missing table only the table is told.
[[nodiscard]] std::vector<SchemaDifference> compare_schemas(const SchemaFacts& expected,
                                                            const SchemaFacts& found);

/// Indexes that an interrupted CREATE INDEX CONCURRENTLY left INVALID, whoever made them, but not those that
/// are being made now; none in SQLite.
[[nodiscard]] std::vector<std::string> invalid_indexes(db::Connection& connection);

}  // namespace findme::store
