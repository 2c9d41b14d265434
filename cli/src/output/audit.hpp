#pragma once

#include "findme/audit.hpp"
#include "findme/token.hpp"
#include "output/json.hpp"

namespace findme::cli {

Json to_json(const AuditEntry& entry);
Json to_json(const AuditCheck& check);
/// Without the token itself, which is not known any more.
Json to_json(const Token& token);

}  // namespace findme::cli
