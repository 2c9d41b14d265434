#include <memory>

#include "cmd/commands.hpp"
#include "csv.hpp"
#include "output/account.hpp"
#include "output/erasure.hpp"
#include "output/text.hpp"
#include "secret_input.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

struct UserOptions {
    std::string name;
    std::string event;
};

struct AddOptions {
    UserOptions user;
    std::string email;
    std::string role = "guest";
    std::vector<std::string> selfies;
    std::string consent;
    SecretSource password;
    bool ask_password = false;
    bool only_if_first = false;
};

struct ListOptions {
    std::string event;
    std::optional<Role> role;
    std::int64_t after = 0;
    std::int64_t limit = 0;
    bool csv = false;
};

struct DeleteOptions {
    UserOptions user;
    std::string reassign_to;
    bool dry_run = false;
    bool yes = false;
};

Account find_account(Context& context, const UserOptions& user) {
    return context.findme().accounts().find(user.name, user.event);
}

void print(Context& context, const Account& account) {
    const std::string code = event_code_of(context, account);
    if (context.is_text()) return print_account(context.out(), account, code);
    write_line(context.out(), to_json(account, code));
}

ExitCode run_add(Context& context, const AddOptions& options) {
    context.make_missing_database();
    Registration registration;
    registration.username = options.user.name;
    registration.email = options.email;
    registration.role = role_from_string(options.role).value();
    registration.selfies = options.selfies;
    registration.consent_version = options.consent;
    registration.only_if_first = options.only_if_first;
    registration.event_code = options.user.event;
    if (registration.role == Role::guest && options.user.event.empty())
        registration.event_code = context.findme().events().find("").code;
    if (options.ask_password || is_given(options.password))
        registration.password = read_secret(context, options.password, "Password of the new account: ");
    const Registered added = context.findme().accounts().add(std::move(registration));
    report_selfies(context, added.selfies);
    const std::string code = event_code_of(context, added.account);
    if (!context.is_text()) {
        write_line(context.out(), to_json(added, code));
        return ExitCode::done;
    }
    print_account(context.out(), added.account, code);
    if (added.token) {
        context.out() << "token:    " << added.token->token.view() << '\n';
        context.say("the token sets a password once, until " + to_iso8601(added.token->expires_at) +
                    ": it is shown now and never again");
    }
    return ExitCode::done;
}

ExitCode run_list(Context& context, const ListOptions& options) {
    constexpr std::int64_t kPage = 1000;
    AccountQuery query;
    if (!options.event.empty()) query.event = context.findme().events().find(options.event).id;
    query.role = options.role;
    query.after = AccountId{options.after};
    const auto codes = event_codes(context);
    const auto code_of = [&](const Account& account) {
        const auto code = account.event ? codes.find(*account.event) : codes.end();
        return code == codes.end() ? std::string() : code->second;
    };
    std::vector<Account> all;  // A table's columns and a document need the whole list.
    Json document = {{"type", "account_list"}, {"v", 1}, {"accounts", Json::array()}};
    std::int64_t left = options.limit > 0 ? options.limit : std::numeric_limits<std::int64_t>::max();
    if (options.csv)
        context.out() << csv_row({"id", "username", "email", "role", "event", "active", "created_at"});
    for (;;) {
        query.limit = std::min(kPage, left);
        const auto page = context.findme().accounts().list(query);
        for (const auto& account : page) {
            query.after = account.id;
            if (options.csv) {
                context.out() << csv_row({std::to_string(account.id.value), account.username, account.email,
                                          std::string(to_string(account.role)), code_of(account),
                                          account.is_active ? "1" : "0",
                                          account.created_at ? to_iso8601(*account.created_at) : ""});
            } else if (context.options.output == OutputFormat::jsonl) {
                write_line(context.out(), to_json(account, code_of(account)));
            } else if (context.options.output == OutputFormat::json) {
                document["accounts"].push_back(to_json(account, code_of(account)));
            } else {
                all.push_back(account);
            }
        }
        left -= static_cast<std::int64_t>(page.size());
        if (page.size() < static_cast<std::size_t>(query.limit) || left == 0) break;
    }
    if (options.csv || context.options.output == OutputFormat::jsonl) return ExitCode::done;
    if (context.options.output == OutputFormat::json) {
        write_document(context.out(), document);
    } else if (all.empty()) {
        context.say("no accounts: make one with `findme user add NAME --email ADDRESS`");
    } else {
        print_accounts(context.out(), all, codes);
    }
    return ExitCode::done;
}

ExitCode run_show(Context& context, const UserOptions& options) {
    print(context, find_account(context, options));
    return ExitCode::done;
}

ExitCode run_verify(Context& context, const UserOptions& options, const SecretSource& password) {
    LoginRequest request;
    request.name = options.name;
    request.event_code = options.event;
    request.password = read_secret(context, password, "Password: ");
    print(context, context.findme().accounts().verify(request));
    return ExitCode::done;
}

ExitCode run_set_password(Context& context, const UserOptions& options, const SecretSource& password) {
    const Account account = find_account(context, options);
    const Secret secret = read_secret(context, password, "New password: ");
    context.findme().accounts().set_password(account.id, secret);
    print(context, context.findme().accounts().find(account.id));
    return ExitCode::done;
}

ExitCode run_set_active(Context& context, const UserOptions& options, bool is_active) {
    const Account account = find_account(context, options);
    context.findme().accounts().set_active(account.id, is_active);
    print(context, context.findme().accounts().find(account.id));
    return ExitCode::done;
}

ExitCode run_join(Context& context, const UserOptions& options, const std::string& code) {
    const Account account = find_account(context, options);
    context.findme().accounts().join(account.id, code);
    print(context, context.findme().accounts().find(account.id));
    return ExitCode::done;
}

ExitCode run_delete(Context& context, const DeleteOptions& options) {
    const Account account = find_account(context, options.user);
    AccountRemoval removal;
    if (!options.reassign_to.empty())
        removal.reassign_to = context.findme().accounts().find(options.reassign_to).id;
    removal.dry_run = options.dry_run;
    if (!options.dry_run && !options.yes)
        throw Error(
            ErrorCode::confirmation_required,
            "deleting the account id:" + std::to_string(account.id.value) +
                " takes its selfies, matches and all else about it for good: look with --dry-run, then say"
                " --yes");
    return print_receipt(context, context.findme().accounts().remove(account.id, removal));
}

ExitCode run_export(Context& context, const UserOptions& options) {
    context.out() << context.findme().accounts().export_json(find_account(context, options).id) << '\n';
    return ExitCode::done;
}

}  // namespace

void add_user_options(CLI::App& command, std::string& name, std::string& event) {
    command.add_option("name", name, "A username, an e-mail or id:12")->required()->type_name("NAME");
    command.add_option("-e,--event", event, "Code of the guest's event, where several have the name")
        ->type_name("CODE");
}

namespace {

void add_role_option(CLI::App& command, std::string& role, const std::string& help) {
    command.add_option("--role", role, help)
        ->check(one_of({"guest", "photographer", "admin"}))
        ->type_name("ROLE");
}

void setup_add(CLI::App& user, Action& action) {
    auto options = std::make_shared<AddOptions>();
    auto* add = user.add_subcommand("add", "Make an account; without a password it prints a one-time token");
    add->add_option("name", options->user.name, "Username")->required()->type_name("NAME");
    add->add_option("--email", options->email, "E-mail")->required()->type_name("ADDRESS");
    add_role_option(*add, options->role, "guest (the default), photographer or admin");
    add->add_option("-e,--event", options->user.event,
                    "Code of a guest's event; may be left out while there is only one")
        ->type_name("CODE");
    add->add_option("--selfie", options->selfies, "A picture of the guest; several make the search surer")
        ->type_name("FILE")
        ->expected(1)
        ->take_all();
    add->add_option("--consent", options->consent,
                    "Version of the text the guest agreed to; needed with --selfie")
        ->type_name("VERSION");
    add_secret_options(*add, options->password, "password", "The password");
    add->add_flag("--ask-password", options->ask_password, "Ask for the password on the terminal");
    add->add_flag("--first", options->only_if_first, "An admin, and only while there is none");
    add->callback([&action, options] { action = [options](Context& c) { return run_add(c, *options); }; });
}

void setup_list(CLI::App& user, Action& action) {
    auto options = std::make_shared<ListOptions>();
    auto role = std::make_shared<std::string>();
    auto* list = user.add_subcommand("list", "List accounts");
    list->add_option("-e,--event", options->event, "Only guests of this event, or who joined it")
        ->type_name("CODE");
    add_role_option(*list, *role, "Only guest, photographer or admin");
    list->add_option("--after", options->after, "Only accounts with a greater id")
        ->check(whole_number(0))
        ->type_name("ID");
    list->add_option("--limit", options->limit, "At most so many")->check(whole_number(1))->type_name("N");
    list->add_flag("--csv", options->csv, "As comma-separated values");
    list->callback([&action, options, role] {
        if (!role->empty()) options->role = role_from_string(*role).value();
        action = [options](Context& c) { return run_list(c, *options); };
    });
}

using Run = ExitCode (*)(Context&, const UserOptions&);

void setup_simple(CLI::App& user, Action& action, const char* verb, const char* help, Run run) {
    auto options = std::make_shared<UserOptions>();
    auto* command = user.add_subcommand(verb, help);
    add_user_options(*command, options->name, options->event);
    command->callback(
        [&action, options, run] { action = [options, run](Context& c) { return run(c, *options); }; });
}

void setup_passwords(CLI::App& user, Action& action) {
    auto login = std::make_shared<UserOptions>();
    auto source = std::make_shared<SecretSource>();
    auto* verify = user.add_subcommand("verify", "Check a login: exit 0, or 5 when it is refused");
    verify->add_option("name", login->name, "Username or e-mail")->required()->type_name("NAME");
    verify->add_option("-e,--event", login->event, "Code of the guest's event")->type_name("CODE");
    add_secret_options(*verify, *source, "password", "The password");
    verify->callback([&action, login, source] {
        action = [login, source](Context& c) { return run_verify(c, *login, *source); };
    });

    auto options = std::make_shared<UserOptions>();
    auto fresh = std::make_shared<SecretSource>();
    auto* set = user.add_subcommand("set-password", "Set a password; ends sessions and voids tokens");
    add_user_options(*set, options->name, options->event);
    add_secret_options(*set, *fresh, "password", "The new password");
    set->callback([&action, options, fresh] {
        action = [options, fresh](Context& c) { return run_set_password(c, *options, *fresh); };
    });
}

void setup_delete(CLI::App& user, Action& action) {
    auto options = std::make_shared<DeleteOptions>();
    auto* command =
        user.add_subcommand("delete", "Erase an account with everything about it, and look again");
    add_user_options(*command, options->user.name, options->user.event);
    command->add_option("--reassign-to", options->reassign_to, "Who takes over a photographer's events")
        ->type_name("NAME");
    command->add_flag("-n,--dry-run", options->dry_run, "Only say what would be removed");
    command->add_flag("--yes", options->yes, "Agreed: remove it for good");
    command->callback(
        [&action, options] { action = [options](Context& c) { return run_delete(c, *options); }; });
}

}  // namespace

void setup_user(CLI::App& app, Action& action) {
    auto* user = app.add_subcommand("user", "Accounts: guests, photographers, admins")->require_subcommand(1);
    setup_add(*user, action);
    setup_list(*user, action);
    setup_simple(*user, action, "show", "Show one account", run_show);
    setup_passwords(*user, action);
    setup_simple(*user, action, "disable", "Close an account: no login, sessions and tokens end",
                 [](Context& c, const UserOptions& o) { return run_set_active(c, o, false); });
    setup_simple(*user, action, "enable", "Open a closed account",
                 [](Context& c, const UserOptions& o) { return run_set_active(c, o, true); });
    auto options = std::make_shared<UserOptions>();
    auto code = std::make_shared<std::string>();
    auto* join = user->add_subcommand("join", "Let a guest join a further event");
    add_user_options(*join, options->name, options->event);
    join->add_option("--to", *code, "Code of the event to join")->required()->type_name("CODE");
    join->callback([&action, options, code] {
        action = [options, code](Context& c) { return run_join(c, *options, *code); };
    });
    setup_delete(*user, action);
    setup_simple(*user, action, "export", "Print everything that is held about an account, as JSON",
                 run_export);
    setup_user_import(*user, action);
    setup_user_selfie(*user, action);
}

}  // namespace findme::cli
