#include <memory>

#include "cmd/commands.hpp"
#include "output/account.hpp"
#include "output/erasure.hpp"
#include "output/text.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

struct SelfieOptions {
    std::string name;
    std::string event;
    std::vector<std::string> files;
    std::string consent;
    std::int64_t id = 0;
    bool all = false;
};

Account find_account(Context& context, const SelfieOptions& options) {
    return context.findme().accounts().find(options.name, options.event);
}

void print(Context& context, const std::vector<Selfie>& selfies) {
    switch (context.options.output) {
        case OutputFormat::jsonl:
            for (const auto& selfie : selfies) write_line(context.out(), to_json(selfie));
            break;
        case OutputFormat::json: {
            Json document = {{"type", "selfie_list"}, {"v", 1}, {"selfies", Json::array()}};
            for (const auto& selfie : selfies) document["selfies"].push_back(to_json(selfie));
            write_document(context.out(), document);
            break;
        }
        case OutputFormat::text: {
            if (selfies.empty()) return context.say("no selfies: add one with `findme user selfie add`");
            std::vector<std::vector<std::string>> rows{{"ID", "FACE PX", "CONSENT", "SINCE"}};
            for (const auto& selfie : selfies)
                rows.push_back({std::to_string(selfie.id.value),
                                std::to_string(std::lround(selfie.quality.height_px)),
                                shown(selfie.consent_version), to_iso8601(selfie.created_at)});
            write_table(context.out(), rows);
        }
    }
}

ExitCode run_add(Context& context, const SelfieOptions& options) {
    const Account account = find_account(context, options);
    const auto result = context.findme().accounts().add_selfies(account.id, options.files, options.consent);
    report_selfies(context, result.checks);
    for (const auto& check : result.checks) {
        if (!check.refused) continue;
        context.say("nothing was kept: all pictures of one call have to be good");
        return exit_code_of(check.refused->code);
    }
    print(context, result.added);
    return ExitCode::done;
}

ExitCode run_list(Context& context, const SelfieOptions& options) {
    print(context, context.findme().accounts().selfies(find_account(context, options).id));
    return ExitCode::done;
}

ExitCode run_remove(Context& context, const SelfieOptions& options) {
    if (options.all == (options.id != 0))
        throw Error(ErrorCode::invalid_argument,
                    "say which selfie with --id N (see `findme user selfie list`), or --all");
    const Account account = find_account(context, options);
    auto& accounts = context.findme().accounts();
    return print_receipt(context, options.all ? accounts.remove_all_selfies(account.id)
                                              : accounts.remove_selfie(account.id, SelfieId{options.id}));
}

}  // namespace

void setup_user_selfie(CLI::App& user, Action& action) {
    auto* selfie = user.add_subcommand("selfie", "References a guest is found by")->require_subcommand(1);
    auto options = std::make_shared<SelfieOptions>();

    auto* add = selfie->add_subcommand("add", "Judge pictures and keep their templates, never the pictures");
    add->add_option("name", options->name, "A username, an e-mail or id:12")->required()->type_name("NAME");
    add->add_option("selfie", options->files, "Pictures of the guest")->required()->type_name("SELFIE");
    add->add_option("-e,--event", options->event, "Code of the guest's event, where several have the name")
        ->type_name("CODE");
    add->add_option("--consent", options->consent, "Version of the text the guest agreed to")
        ->required()
        ->type_name("VERSION");
    add->callback([&action, options] { action = [options](Context& c) { return run_add(c, *options); }; });

    auto* list = selfie->add_subcommand("list", "List an account's references");
    add_user_options(*list, options->name, options->event);
    list->callback([&action, options] { action = [options](Context& c) { return run_list(c, *options); }; });

    auto* remove = selfie->add_subcommand("remove", "Remove a reference, and what was found by it alone");
    add_user_options(*remove, options->name, options->event);
    remove->add_option("--id", options->id, "Which one")->check(whole_number(1))->type_name("N");
    remove->add_flag("--all", options->all, "All of them, with the consent");
    remove->callback(
        [&action, options] { action = [options](Context& c) { return run_remove(c, *options); }; });
}

}  // namespace findme::cli
