#pragma once

#include <optional>

#include "db/connection.hpp"
#include "findme/error.hpp"
#include "findme/event.hpp"

/// What an event's retention allows. It is judged by the database's clock: all who share the database agree
/// on it, whatever their own clocks say.
namespace findme::access {

/// Why no face may be indexed, searched or kept in the event at this moment; nothing when it may.
[[nodiscard]] std::optional<ErrorInfo> closed(db::Connection& connection, const Event& event);

}  // namespace findme::access
