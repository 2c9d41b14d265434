#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cmd/cmd_event.hpp"
#include "cmd/wait_option.hpp"
#include "output/erasure.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

struct EraseOptions {
    std::string code;
    std::string confirm;
    bool expired = false;
    bool dry_run = false;
    WaitOption wait;
};

/// Nobody loses an event to a mistyped code: it is given twice.
void require_confirmation(const Event& event, const EraseOptions& options, const std::string& what,
                          const ErasureReceipt& receipt) {
    if (!options.confirm.empty() &&
        normalise_event_code(options.confirm) == normalise_event_code(event.code)) {
        return;
    }
    const std::string begin =
        options.confirm.empty() ? "" : "--confirm " + shown(options.confirm) + " is not the event's code; ";
    throw Error(ErrorCode::confirmation_required,
                begin + what + " the event " + shown(event.code) + " would remove " + found_text(receipt) +
                    ": look with --dry-run, and confirm with --confirm " + shown(event.code),
                event.code);
}

ExitCode run_delete(Context& context, const EraseOptions& options) {
    auto& events = context.findme().events();
    const Event event = events.find(options.code);
    const ErasureReceipt plan = events.remove(event.id, DryRun::yes);
    if (options.dry_run) return print_receipt(context, plan);
    require_confirmation(event, options, "deleting", plan);
    const auto stop = context.take_stops("stopping after this step");
    return print_receipt(context, events.remove(event.id, DryRun::no, stop));
}

ExitCode run_purge_one(Context& context, const EraseOptions& options) {
    auto& events = context.findme().events();
    const Event event = events.find(options.code);
    const ErasureReceipt plan = events.purge(event.id, DryRun::yes);
    if (options.dry_run) return print_receipt(context, plan);
    require_confirmation(event, options, "purging", plan);
    // One transaction: what a signal finds begun is brought to its end.
    static_cast<void>(context.take_stops("stopping when the event is purged"));
    return print_receipt(context, events.purge(event.id));
}

/// Names the events that a purge passes by because nobody has set their retention, oldest first. @return
/// their codes.
std::vector<std::string> name_undecided(Context& context) {
    std::vector<std::string> codes;
    auto all = context.findme().events().list();
    std::reverse(all.begin(), all.end());
    for (const Event& event : all) {
        if (!event.is_undecided()) continue;
        codes.push_back(event.code);
        const std::string code = '"' + shown(event.code) + '"';
        std::string message = "the event ";
        message += code;
        message += " is not purged, because nobody has set its retention: findme event update ";
        message += code;
        message += " --retention-days DAYS";
        context.complain({ErrorCode::retention_undecided, std::move(message), event.code});
    }
    return codes;
}

/// One that fails does not keep the others.
ExitCode run_purge_expired(Context& context, const EraseOptions& options) {
    auto& events = context.findme().events();
    std::optional<RunLock> lock;
    std::stop_token stop;
    if (!options.dry_run) {
        events.require_agreed_clocks();
        context.count("events_purged", 0);
        stop = context.take_stops("stopping after the event at work");
        lock.emplace(lock_run(context, options.wait, "purge-expired", "is purging expired events", stop));
    }
    Json document = {{"type", "event_purge"},
                     {"v", 1},
                     {"receipts", Json::array()},
                     {"failed", 0},
                     {"undecided", Json::array()}};
    std::int64_t failed = 0;
    const auto expired = events.expired();
    for (const Event& event : expired) {
        if (stop.stop_requested()) break;
        try {
            const auto purged = options.dry_run ? std::optional(events.purge(event.id, DryRun::yes))
                                                : events.purge_expired(event.id);
            // Given more time since it was listed.
            if (!purged) continue;
            const ErasureReceipt& receipt = *purged;
            switch (context.options.output) {
                case OutputFormat::text:
                    if (!context.options.quiet || options.dry_run) print_receipt_text(context, receipt);
                    break;
                case OutputFormat::json:
                    document["receipts"].push_back(to_json(receipt));
                    break;
                case OutputFormat::jsonl:
                    write_line(context.out(), to_json(receipt));
                    break;
            }
            if (!options.dry_run) context.count("events_purged", 1);
            if (judge_receipt(context, receipt) != ExitCode::done) ++failed;
        } catch (const Error& error) {
            context.complain(error.info());
            ++failed;
        }
    }
    const auto undecided = stop.stop_requested() ? std::vector<std::string>() : name_undecided(context);
    document["failed"] = failed;
    document["undecided"] = undecided;
    if (context.options.output == OutputFormat::json) write_document(context.out(), document);
    if (stop.stop_requested()) return ExitCode::interrupted;
    if (context.is_text() && expired.empty()) context.say("no event past its retention holds faces");
    return failed == 0 && undecided.empty() ? ExitCode::done : ExitCode::partial;
}

ExitCode run_purge(Context& context, const EraseOptions& options) {
    if (options.expired == !options.code.empty()) {
        throw Error(ErrorCode::invalid_argument, "say which: the code of one event, or --expired");
    }
    if (!options.expired && !options.wait.value.empty())
        throw Error(ErrorCode::invalid_argument, "--wait goes with --expired: one event waits for nobody");
    return options.expired ? run_purge_expired(context, options) : run_purge_one(context, options);
}

}  // namespace

void setup_event_erase(CLI::App& event, Action& action) {
    constexpr const char* kDryRun = "Only say what would be removed";
    constexpr const char* kConfirm = "The event's code once more";
    auto options = std::make_shared<EraseOptions>();

    auto* remove = event.add_subcommand(
        "delete", "Delete an event with its guests, photo rows, faces and matches; photo files stay");
    remove->add_option("code", options->code, "Its code, in any spelling")->required()->type_name("CODE");
    remove->add_flag("-n,--dry-run", options->dry_run, kDryRun);
    remove->add_option("--confirm", options->confirm, kConfirm)->type_name("CODE");
    remove->callback(
        [&action, options] { action = [options](Context& c) { return run_delete(c, *options); }; });

    auto* purge = event.add_subcommand(
        "purge", "Erase the faces, templates, matches and selfies of an event, or of all that are expired");
    purge->add_option("code", options->code, "Its code, in any spelling")->type_name("CODE");
    purge->add_flag("--expired", options->expired, "All events past their retention; needs no --confirm");
    purge->add_flag("-n,--dry-run", options->dry_run, kDryRun);
    purge->add_option("--confirm", options->confirm, kConfirm)->type_name("CODE");
    add_wait_option(*purge, options->wait);
    purge->callback(
        [&action, options] { action = [options](Context& c) { return run_purge(c, *options); }; });
}

}  // namespace findme::cli
