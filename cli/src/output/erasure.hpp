#pragma once

#include <string>

#include "context.hpp"
#include "output/json.hpp"

namespace findme::cli {

Json to_json(const ErasureReceipt& receipt);
/// `faces (23), photos (6), events (1)`: what was found, most of all first; `nothing` when that is so.
std::string found_text(const ErasureReceipt& receipt);

/// As text the tables of which something was found, on top what it comes to.
void print_receipt_text(Context& context, const ErasureReceipt& receipt);
/// Complains of what is left, or still readable for somebody.
/// @return done, failed when rows are left, partial when another process still reads older pages.
[[nodiscard]] ExitCode judge_receipt(Context& context, const ErasureReceipt& receipt);
/// Both, in whatever format.
[[nodiscard]] ExitCode print_receipt(Context& context, const ErasureReceipt& receipt);

}  // namespace findme::cli
