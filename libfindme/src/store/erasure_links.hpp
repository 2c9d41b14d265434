#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "store/erasure_repository.hpp"

/// How accounts, events and photos hang together with the rest of the live schema, and how they are taken out
/// of it.
namespace findme::store {

using Ids = std::vector<std::int64_t>;
/// Ids of what is erased, by table: `users`, `events`, `photos`.
using Subjects = std::map<std::string, Ids>;

/// Many ids as one parameter, and the condition that takes it: `COLUMN` + is_one_of().
[[nodiscard]] db::Value ids_value(const db::Connection& connection, const Ids& ids);
[[nodiscard]] std::string is_one_of(const db::Connection& connection, const std::string& placeholder);

/// Rows that go with the subjects, by table, and the proofs that nothing refers to them any more.
[[nodiscard]] Erasure look_at(db::Connection& connection, const Subjects& subjects);
/// Removes the subjects: photos first, then accounts, then events.
void remove_rows(db::Connection& connection, const Subjects& subjects);
/// The two in one.
[[nodiscard]] Erasure remove(db::Connection& connection, const Subjects& subjects);

}  // namespace findme::store
