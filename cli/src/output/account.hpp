#pragma once

#include <string>

#include "context.hpp"
#include "output/json.hpp"

namespace findme::cli {

/// @param event_code  of the guest's event; empty for staff.
Json to_json(const Account& account, const std::string& event_code);
Json to_json(const Selfie& selfie);
/// With its one-time token, when there is one: this is the only time it is seen.
Json to_json(const Registered& registered, const std::string& event_code);

void print_account(std::ostream& out, const Account& account, const std::string& event_code);
void print_accounts(std::ostream& out, const std::vector<Account>& accounts,
                    const std::map<EventId, std::string>& event_codes);
/// Every refused selfie on the error stream; a doubt about whether all show one person is a remark.
void report_selfies(Context& context, const std::vector<SelfieCheck>& checks);

/// Codes of all events, for lists that name many.
std::map<EventId, std::string> event_codes(Context& context);
/// The code of an account's own event, or nothing.
std::string event_code_of(Context& context, const Account& account);

}  // namespace findme::cli
