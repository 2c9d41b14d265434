#include "access/account_lookup.hpp"

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "store/event_repository.hpp"

namespace findme::access {
namespace {

using Records = std::vector<store::AccountRecord>;

/// Of several accounts in one scope one may have for a username what another has for an e-mail.
std::optional<store::AccountRecord> best(const Records& records, std::string_view name) {
    if (records.empty()) return std::nullopt;
    const bool is_email = name.find('@') != std::string_view::npos;
    const auto meant = std::find_if(records.begin(), records.end(), [&](const auto& record) {
        return (record.account.username != name) == is_email;
    });
    return meant == records.end() ? records.front() : *meant;
}

template <typename Fits>
Records those(const Records& records, const Fits& fits) {
    Records fitting;
    std::copy_if(records.begin(), records.end(), std::back_inserter(fitting),
                 [&](const auto& record) { return fits(record.account); });
    return fitting;
}

bool is_staff(const Account& account) {
    return account.role != Role::guest;
}

LoginLookup within(db::Connection& connection, const Records& named, std::string_view name, EventId event) {
    if (auto own =
            best(those(named, [&](const Account& a) { return !is_staff(a) && a.event == event; }), name))
        return {std::move(own), {}};
    store::AccountRepository accounts(connection);
    const auto joined = those(named, [&](const Account& account) {
        const auto events = accounts.events_of(account.id);
        return !is_staff(account) && std::find(events.begin(), events.end(), event) != events.end();
    });
    if (joined.size() > 1) return {std::nullopt, "ambiguous_event"};
    if (auto guest = best(joined, name)) return {std::move(guest), {}};
    if (auto staff = best(those(named, is_staff), name)) return {std::move(staff), {}};
    return {std::nullopt, "unknown_account"};
}

}  // namespace

LoginLookup find_login(db::Connection& connection, std::string_view name, std::string_view event_code) {
    const std::string normal = normal_name(name);
    // What no column of text can hold no account has.
    if (!base::is_valid_utf8(normal) || normal.find('\0') != std::string::npos)
        return {std::nullopt, "unknown_account"};
    const Records named = store::AccountRepository(connection).find_named(normal);
    if (!normalise_event_code(event_code).empty()) {
        if (!base::is_valid_utf8(event_code) || event_code.find('\0') != std::string_view::npos)
            return {std::nullopt, "unknown_event"};
        const auto event = store::EventRepository(connection).find_by_code(event_code);
        if (!event) return {std::nullopt, "unknown_event"};
        return within(connection, named, normal, event->id);
    }
    if (auto staff = best(those(named, is_staff), normal)) return {std::move(staff), {}};
    if (named.size() > 1) return {std::nullopt, "ambiguous_event"};
    if (named.empty()) return {std::nullopt, "unknown_account"};
    return {named.front(), {}};
}

std::vector<std::string> context_words(const std::string& username, const std::string& email,
                                       const std::string& event_name) {
    std::vector<std::string> words{"findme", username, email.substr(0, email.find('@'))};
    if (!event_name.empty()) words.push_back(event_name);
    return words;
}

std::vector<std::string> context_words(db::Connection& connection, const Account& account) {
    auto words = context_words(account.username, account.email, {});
    const auto ids = store::AccountRepository(connection).events_of(account.id);
    for (const auto& event : store::EventRepository(connection).list()) {
        if (std::find(ids.begin(), ids.end(), event.id) != ids.end()) words.push_back(event.name);
    }
    return words;
}

std::string normal_name(std::string_view name) {
    const std::string_view trimmed = base::trimmed(name);
    return base::nfc(trimmed).value_or(std::string(trimmed));
}

}  // namespace findme::access
