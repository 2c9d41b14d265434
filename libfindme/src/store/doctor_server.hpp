#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "db/connection.hpp"

/// What `doctor` asks a PostgreSQL server.
/// @errors every call throws Error{store_*}.
namespace findme::store {

struct ServerFacts {
    std::string version;              ///< As in `15.18`.
    std::int64_t version_number = 0;  ///< As in 150018.
    std::string encoding;
    bool read_only = false;
    std::int64_t max_connections = 0;
    std::int64_t reserved_connections = 0;  ///< Of them, for superusers and maintenance.
    std::int64_t pool_connections = 0;      ///< Of the pools of findme's processes, open now.
    std::int64_t other_connections = 0;     ///< Open now besides, this one not counted; to all databases.
    std::int64_t role_limit = -1;           ///< Connections of this role; -1: none.
    std::int64_t database_limit = -1;       ///< Connections to this database; -1: none.
    bool fsync = true;
    bool full_page_writes = true;
    bool autovacuum = true;
    std::vector<std::string> tables_without_autovacuum;
    std::int64_t transaction_age = 0;  ///< Transactions since the oldest row that is not frozen.
};

/// @param own_name   the application_name that this connection was opened with. @param pool_name  that of a
/// pool; where the URL names the sessions, all have that name and count as a pool's.
[[nodiscard]] ServerFacts read_server_facts(db::Connection& connection, const std::string& own_name,
                                            const std::string& pool_name);

/// What the role lacks to work with findme's tables, as in `DELETE on faces`; tables that are not there are
/// not asked for.
[[nodiscard]] std::vector<std::string> missing_privileges(db::Connection& connection);

/// A table whose next id is taken.
struct SequenceBehind {
    std::string table;
    std::string sequence;  ///< As SQL takes it.
    std::int64_t next = 0;
    std::int64_t highest = 0;  ///< In the table.
};

/// The tables whose ids a sequence gives.
[[nodiscard]] std::vector<std::string> counted_tables();
/// Of those that the role may look at.
[[nodiscard]] std::vector<SequenceBehind> sequences_behind(db::Connection& connection);
/// @return the id that comes next; the table is asked once more.
std::int64_t move_sequence_on(db::Connection& connection, const SequenceBehind& sequence);

}  // namespace findme::store
