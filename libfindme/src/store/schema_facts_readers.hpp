#pragma once

#include <string>
#include <vector>

#include "db/connection.hpp"
#include "store/schema_facts.hpp"

/// The two halves of schema_facts.hpp that differ between the databases.
namespace findme::store {

[[nodiscard]] SchemaFacts read_sqlite_schema(db::Connection& connection);
[[nodiscard]] SchemaFacts read_postgresql_schema(db::Connection& connection);

[[nodiscard]] SchemaFacts expected_sqlite_schema(std::span<const Migration> migrations);
[[nodiscard]] SchemaFacts expected_postgresql_schema(db::Connection& connection,
                                                     std::span<const Migration> migrations);

[[nodiscard]] std::vector<std::string> invalid_postgresql_indexes(db::Connection& connection);

/// Runs the scripts inside the transaction that is open.
void run_scripts(db::Connection& connection, std::span<const Migration> migrations);

}  // namespace findme::store
