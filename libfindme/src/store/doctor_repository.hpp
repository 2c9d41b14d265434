#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"
#include "findme/clock.hpp"
#include "findme/ids.hpp"

/// What `doctor` asks of the rows of a database with the current schema, and what it mends there.
/// Transactions are the caller's.
/// @errors every call throws Error{store_*}.
namespace findme::store {

/// Of users_email_key, users_username_key, ix_users_email and ix_users_username those that are left. Asks the
/// catalog: any schema will do.
[[nodiscard]] std::vector<std::string> old_user_rules(db::Connection& connection);

/// Of an embedded database.
struct FileFacts {
    std::int64_t size_bytes = 0;
    std::int64_t free_bytes = 0;      ///< Of them, in pages that hold nothing.
    std::vector<std::string> damage;  ///< What `quick_check` says, ten lines at most; empty: nothing.
};
[[nodiscard]] FileFacts read_file_facts(db::Connection& connection);

/// Rows that name one that is not there.
struct OrphanRule {
    std::string_view table;
    std::string_view column;
    std::string_view parent;
    bool derived = false;  ///< Nobody can see them any more, and indexing makes them again.
};
[[nodiscard]] std::span<const OrphanRule> orphan_rules();
[[nodiscard]] std::int64_t count_orphans(db::Connection& connection, const OrphanRule& rule);
std::int64_t delete_orphans(db::Connection& connection, const OrphanRule& rule);
[[nodiscard]] std::int64_t count_faces_without_template(db::Connection& connection);

/// What was made by another model.
struct OtherModel {
    std::int64_t event = 0;  ///< Of faces; 0 for selfies.
    ModelId model;
    std::int64_t count = 0;
};
[[nodiscard]] std::vector<OtherModel> faces_of_other_models(db::Connection& connection,
                                                            const ModelId& current);
[[nodiscard]] std::vector<OtherModel> selfies_of_other_models(db::Connection& connection,
                                                              const ModelId& current);

enum class TemplatesOf { faces, selfies };
/// One template as it is kept, borrowed for the call.
struct KeptTemplate {
    std::int64_t id = 0;
    ModelId model;
    std::span<const std::uint8_t> bytes;
};

/// In order of id, after `after`, at most `limit`.
void for_each_template(db::Connection& connection, TemplatesOf which, std::int64_t after, std::int64_t limit,
                       const std::function<void(const KeptTemplate&)>& visit);

struct IndexedPath {
    std::int64_t id = 0;
    std::int64_t photo = 0;
    std::string path;  ///< Bytes.
    std::int64_t size_bytes = 0;
};
/// In order of id, after `after`, at most `limit`.
[[nodiscard]] std::vector<IndexedPath> list_paths(db::Connection& connection, std::int64_t after,
                                                  std::int64_t limit);

/// Photos that somebody began to work on before `before`.
[[nodiscard]] std::int64_t count_unfinished_photos(db::Connection& connection, Timestamp before);
std::int64_t put_back_unfinished_photos(db::Connection& connection, Timestamp before);
[[nodiscard]] std::int64_t count_failed_photos(db::Connection& connection);

/// Selfies whose consent is not there, or is another account's.
[[nodiscard]] std::vector<std::int64_t> selfies_without_consent(db::Connection& connection);
[[nodiscard]] std::int64_t count_tokens_ended(db::Connection& connection, Timestamp before);

struct FutureTimes {
    std::string column;  ///< As in `users.created_at`.
    std::int64_t rows = 0;
};
[[nodiscard]] std::vector<FutureTimes> times_after(db::Connection& connection, Timestamp now);

}  // namespace findme::store
