#pragma once

#include <string>
#include <vector>

#include "store/migration.hpp"

namespace findme::store {

/// One text of a script that is sent by itself.
struct ScriptPiece {
    std::string sql;
    bool repeat = false;  ///< Sent again until it changes no row.
    std::string index;    ///< The index it makes CONCURRENTLY: one that is there and valid is not made again,
                          ///< an INVALID one is dropped first.
};

/// A migration file as its directives cut it up. Directives are comments at the beginning of a line:
///
///     -- findme: no-transaction                at the top: pieces run by themselves, in order; every one of
///     them
///                                              must do no harm when it is run again
///     -- findme: piece [repeat] [index NAME]   begins a piece; what stands before the first is not sent
///     -- findme: destroys table NAME           in a down file: its rows are what a run would lose
///     -- findme: destroys column TABLE.COLUMN
///
/// A file without `no-transaction` is one piece.
struct MigrationScript {
    bool transactional = true;
    std::vector<ScriptPiece> pieces;
    std::vector<std::string> destroys;  ///< `table NAME`, `column TABLE.COLUMN`.
};

/// @param name  of the file, for messages.
/// @errors throws Error{config_invalid} for a directive that means nothing, naming file and line.
[[nodiscard]] MigrationScript parse_migration_script(const std::string& sql, const std::string& name);

/// The piece as it runs inside a transaction, where nobody else uses the tables: an index is not made
/// CONCURRENTLY.
[[nodiscard]] std::string offline_sql(const ScriptPiece& piece);

}  // namespace findme::store
