#include "output/account.hpp"

#include "output/text.hpp"

namespace findme::cli {
namespace {

constexpr double kDoubtfulAgreement = 40;

Json optional_time(const std::optional<Timestamp>& time) {
    return time ? Json(to_iso8601(*time)) : Json(nullptr);
}

std::string state_of(const Account& account) {
    if (!account.is_active) return "disabled";
    return account.has_password ? "active" : "no password";
}

}  // namespace

Json to_json(const Account& account, const std::string& event_code) {
    return {{"type", "account"},
            {"v", 1},
            {"id", account.id.value},
            {"username", account.username},
            {"email", account.email},
            {"role", to_string(account.role)},
            {"event", event_code.empty() ? Json(nullptr) : Json(event_code)},
            {"active", account.is_active},
            {"has_password", account.has_password},
            {"selfies", account.selfies},
            {"failed_logins", account.failed_logins},
            {"blocked_until", optional_time(account.blocked_until)},
            {"session_version", account.session_version},
            {"created_at", optional_time(account.created_at)}};
}

Json to_json(const Selfie& selfie) {
    return {{"type", "selfie_reference"},
            {"v", 1},
            {"id", selfie.id.value},
            {"account_id", selfie.account.value},
            {"model", selfie.model},
            {"height_px", std::lround(selfie.quality.height_px)},
            {"consent", selfie.consent_version},
            {"consented_at", to_iso8601(selfie.consented_at)},
            {"created_at", to_iso8601(selfie.created_at)}};
}

Json to_json(const Registered& registered, const std::string& event_code) {
    Json json = to_json(registered.account, event_code);
    if (registered.token) {
        json["token"] = std::string(registered.token->token.view());
        json["token_expires_at"] = to_iso8601(registered.token->expires_at);
    }
    return json;
}

void print_account(std::ostream& out, const Account& account, const std::string& event_code) {
    const auto time = [](const std::optional<Timestamp>& at) {
        return at ? to_iso8601(*at) : std::string("-");
    };
    out << "account:  id:" << account.id.value << '\n'
        << "username: " << shown(account.username) << '\n'
        << "email:    " << shown(account.email) << '\n'
        << "role:     " << to_string(account.role) << '\n'
        << "event:    " << (event_code.empty() ? "-" : shown(event_code)) << '\n'
        << "state:    " << state_of(account) << '\n'
        << "selfies:  " << account.selfies << '\n'
        << "created:  " << time(account.created_at) << '\n';
    if (account.failed_logins > 0)
        out << "failed:   " << counted(account.failed_logins, "login") << " in a row\n";
    if (account.blocked_until) out << "blocked:  until " << time(account.blocked_until) << '\n';
}

void print_accounts(std::ostream& out, const std::vector<Account>& accounts,
                    const std::map<EventId, std::string>& event_codes) {
    std::vector<std::vector<std::string>> rows{
        {"ID", "ROLE", "EVENT", "STATE", "SELFIES", "USERNAME", "EMAIL"}};
    for (const auto& account : accounts) {
        const auto code = account.event ? event_codes.find(*account.event) : event_codes.end();
        rows.push_back({std::to_string(account.id.value), std::string(to_string(account.role)),
                        code == event_codes.end() ? "-" : shown(code->second), state_of(account),
                        std::to_string(account.selfies), shown(account.username), shown(account.email)});
    }
    write_table(out, rows);
}

void report_selfies(Context& context, const std::vector<SelfieCheck>& checks) {
    for (const auto& check : checks) {
        if (check.refused) {
            context.complain(*check.refused);
        } else if (check.agreement && *check.agreement < kDoubtfulAgreement) {
            context.say("selfie " + shown(check.path) +
                        " looks like nobody on the others: are all of one person?");
        }
    }
}

std::map<EventId, std::string> event_codes(Context& context) {
    std::map<EventId, std::string> codes;
    for (const auto& event : context.findme().events().list()) codes[event.id] = event.code;
    return codes;
}

std::string event_code_of(Context& context, const Account& account) {
    return account.event ? context.findme().events().find(*account.event).code : std::string();
}

}  // namespace findme::cli
