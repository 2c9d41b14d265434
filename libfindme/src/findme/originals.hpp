#pragma once

#include <string>

#include "db/connection.hpp"

namespace findme {

/// Nothing is written where an indexed photo of any event is, or is known to belong: not by its path in
/// another spelling, not through a link, not by a second name of the same file. Where a file is there, the
/// path of every photo is asked for, which takes a second for some hundred thousand.
/// @param  what  is to be written, as in `contact sheet`.
/// @errors throws Error{invalid_argument} naming the photo; Error{store_*}.
void require_no_original(db::Database& database, const std::string& what, const std::string& path);

}  // namespace findme
