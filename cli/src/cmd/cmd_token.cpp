#include <memory>

#include "cmd/commands.hpp"
#include "cmd/wait_option.hpp"
#include "output/audit.hpp"
#include "output/text.hpp"
#include "secret_input.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

struct IssueOptions {
    std::string name;
    std::string event;
    std::int64_t lifetime_minutes = kDefaultTokenLifetime.count();
    bool reveal = false;
};

struct RedeemOptions {
    SecretSource token;
    SecretSource password;
};

struct ListOptions {
    std::string name;
    std::string event;
};

ExitCode run_issue(Context& context, const IssueOptions& options) {
    const IssuedToken issued = context.findme().tokens().issue(
        options.name, options.event, std::chrono::minutes{options.lifetime_minutes},
        options.reveal ? UnknownAccount::refuse : UnknownAccount::hide);
    if (context.is_text()) {
        context.out() << issued.token.view() << '\n';
        context.say("it sets a password once, until " + to_iso8601(issued.expires_at) +
                    "; it is shown now and never again");
    } else {
        write_line(context.out(), {{"type", "issued_token"},
                                   {"v", 1},
                                   {"token", std::string(issued.token.view())},
                                   {"expires_at", to_iso8601(issued.expires_at)}});
    }
    return ExitCode::done;
}

ExitCode run_redeem(Context& context, const RedeemOptions& options) {
    const Secret token = read_secret(context, options.token, "Token: ");
    const Secret password = read_secret(context, options.password, "New password: ");
    const AccountId account = context.findme().tokens().redeem(token, password);
    if (context.is_text()) {
        context.say("the password of the account id:" + std::to_string(account.value) + " is set");
    } else {
        write_line(context.out(), {{"type", "token_redeemed"}, {"v", 1}, {"account_id", account.value}});
    }
    return ExitCode::done;
}

ExitCode run_list(Context& context, const ListOptions& options) {
    std::optional<AccountId> account;
    if (!options.name.empty()) account = context.findme().accounts().find(options.name, options.event).id;
    const auto tokens = context.findme().tokens().list(account);
    switch (context.options.output) {
        case OutputFormat::jsonl:
            for (const auto& token : tokens) write_line(context.out(), to_json(token));
            break;
        case OutputFormat::json: {
            Json document = {{"type", "token_list"}, {"v", 1}, {"tokens", Json::array()}};
            for (const auto& token : tokens) document["tokens"].push_back(to_json(token));
            write_document(context.out(), document);
            break;
        }
        case OutputFormat::text: {
            if (tokens.empty()) {
                context.say("no tokens");
                break;
            }
            std::vector<std::vector<std::string>> rows{{"ID", "ACCOUNT", "STATE", "ISSUED", "EXPIRES"}};
            for (const auto& token : tokens)
                rows.push_back({std::to_string(token.id.value), "id:" + std::to_string(token.account.value),
                                std::string(to_string(token.state)), to_iso8601(token.created_at),
                                to_iso8601(token.expires_at)});
            write_table(context.out(), rows);
        }
    }
    return ExitCode::done;
}

ExitCode run_revoke(Context& context, std::int64_t id) {
    context.findme().tokens().revoke(TokenId{id});
    if (!context.is_text()) write_line(context.out(), {{"type", "token_revoked"}, {"v", 1}, {"id", id}});
    return ExitCode::done;
}

struct PruneOptions {
    std::int64_t days = 30;
    WaitOption wait;
};

ExitCode run_prune(Context& context, const PruneOptions& options) {
    context.count("tokens_pruned", 0);
    const auto stop = context.take_stops("stopping when the tokens are removed");
    const RunLock lock = lock_run(context, options.wait, "token-prune", "is pruning tokens", stop);
    const auto pruned = context.findme().tokens().prune(std::chrono::hours{24 * options.days});
    context.count("tokens_pruned", pruned);
    const LogField fields[] = {{"tokens", std::to_string(pruned)}};
    context.log().write(LogLevel::info, "tokens_pruned", fields);
    if (context.is_text()) {
        context.say("removed " + counted(pruned, "token"));
    } else {
        write_line(context.out(), {{"type", "tokens_pruned"}, {"v", 1}, {"removed", pruned}});
    }
    return ExitCode::done;
}

}  // namespace

void setup_token(CLI::App& app, Action& action) {
    auto* token = app.add_subcommand("token", "One-time tokens that set a password")->require_subcommand(1);

    auto issue_options = std::make_shared<IssueOptions>();
    auto* issue =
        token->add_subcommand("issue", "Print a token; an account that is not there looks the same");
    issue->add_option("name", issue_options->name, "Username or e-mail")->required()->type_name("NAME");
    issue->add_option("-e,--event", issue_options->event, "Code of the guest's event")->type_name("CODE");
    issue->add_option("--lifetime", issue_options->lifetime_minutes, "Minutes until it expires (default 30)")
        ->check(whole_number(1, kMaxTokenLifetime.count()))
        ->type_name("MINUTES");
    issue->add_flag("--reveal", issue_options->reveal, "Fail when there is no such account");
    issue->callback([&action, issue_options] {
        action = [issue_options](Context& c) { return run_issue(c, *issue_options); };
    });

    auto redeem_options = std::make_shared<RedeemOptions>();
    auto* redeem = token->add_subcommand("redeem", "Set a password with a token");
    add_secret_options(*redeem, redeem_options->token, "token", "The token");
    add_secret_options(*redeem, redeem_options->password, "password", "The new password");
    redeem->callback([&action, redeem_options] {
        action = [redeem_options](Context& c) { return run_redeem(c, *redeem_options); };
    });

    auto list_options = std::make_shared<ListOptions>();
    auto* list = token->add_subcommand("list", "List tokens, newest first");
    list->add_option("--user", list_options->name, "Only this account's: a username, an e-mail or id:12")
        ->type_name("NAME");
    list->add_option("-e,--event", list_options->event,
                     "Code of the guest's event, where several have the name")
        ->type_name("CODE");
    list->callback([&action, list_options] {
        action = [list_options](Context& c) { return run_list(c, *list_options); };
    });

    auto id = std::make_shared<std::int64_t>();
    auto* revoke = token->add_subcommand("revoke", "Void an open token");
    revoke->add_option("id", *id, "Its id, from `findme token list`")
        ->required()
        ->check(whole_number(1))
        ->type_name("ID");
    revoke->callback([&action, id] { action = [id](Context& c) { return run_revoke(c, *id); }; });

    auto prune_options = std::make_shared<PruneOptions>();
    auto* prune = token->add_subcommand("prune", "Remove tokens that ended long ago");
    prune->add_option("--older-than", prune_options->days, "Days since they ended (default 30)")
        ->check(whole_number(1, 36500))
        ->type_name("DAYS");
    add_wait_option(*prune, prune_options->wait);
    prune->callback([&action, prune_options] {
        action = [prune_options](Context& c) { return run_prune(c, *prune_options); };
    });
}

}  // namespace findme::cli
