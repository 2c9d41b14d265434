#include <memory>

#include "cmd/cmd_event.hpp"
#include "output/json.hpp"
#include "output/text.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

struct CreateOptions {
    std::string name;
    std::string code;
    std::string date;
    int retention_days = kDefaultRetentionDays;
    std::string photographer;
};

struct UpdateOptions {
    std::string code;
    std::optional<std::string> name;
    std::optional<std::string> new_code;
    std::string date;
    std::optional<int> retention_days;
    std::string photographer;
    bool no_photographer = false;
};

std::string searchable_text(const Event& event) {
    if (!event.is_undecided()) return "until " + to_iso8601(*event.expires_at);
    return "not yet, its retention is undecided (findme event update \"" + shown(event.code) +
           "\" --retention-days DAYS)";
}

void print_event(Context& context, const Event& event, const EventCounts& counts) {
    if (!context.is_text()) return write_line(context.out(), to_json(event, counts));
    context.out() << "code:       " << shown(event.code) << '\n'
                  << "name:       " << shown(event.name) << '\n'
                  << "date:       " << (event.date ? to_iso8601(*event.date) : "-") << '\n'
                  << "searchable: " << searchable_text(event) << '\n';
    if (event.purged_at) context.out() << "purged:     " << to_iso8601(*event.purged_at) << '\n';
    if (event.photographer) {
        const Account account = context.findme().accounts().find(*event.photographer);
        context.out() << "owner:      " << shown(account.username) << " (id:" << account.id.value << ")\n";
    }
    context.out() << "photos:     " << counts.photos << " (" << counts.failed << " failed)\n"
                  << "faces:      " << counts.faces << '\n';
}

ExitCode run_create(Context& context, const CreateOptions& options) {
    context.make_missing_database();
    EventRequest request;
    request.name = options.name;
    request.code = options.code;
    request.retention_days = options.retention_days;
    if (!options.date.empty()) request.date = date_from_iso8601(options.date).value();
    if (!options.photographer.empty())
        request.photographer = context.findme().accounts().find(options.photographer).id;
    const Event event = context.findme().events().create(request);
    print_event(context, event, {});
    return ExitCode::done;
}

ExitCode run_list(Context& context) {
    auto& events = context.findme().events();
    const auto all = events.list();
    if (context.options.output == OutputFormat::jsonl) {
        for (const auto& event : all) write_line(context.out(), to_json(event, events.counts(event.id)));
    } else if (context.options.output == OutputFormat::json) {
        Json list = {{"type", "event_list"}, {"v", 1}, {"events", Json::array()}};
        for (const auto& event : all) list["events"].push_back(to_json(event, events.counts(event.id)));
        write_document(context.out(), list);
    } else if (all.empty()) {
        context.say("no events yet: make one with `findme event create NAME`");
    } else {
        std::vector<std::vector<std::string>> rows{
            {"CODE", "DATE", "SEARCHABLE UNTIL", "PHOTOS", "FACES", "NAME"}};
        for (const auto& event : all) {
            const auto counts = events.counts(event.id);
            rows.push_back({shown(event.code), event.date ? to_iso8601(*event.date) : "-",
                            event.is_undecided() ? "undecided" : to_iso8601(*event.expires_at),
                            std::to_string(counts.photos), std::to_string(counts.faces), shown(event.name)});
        }
        write_table(context.out(), rows);
    }
    return ExitCode::done;
}

ExitCode run_show(Context& context, const std::string& code) {
    auto& events = context.findme().events();
    const Event event = events.find(code);
    print_event(context, event, events.counts(event.id));
    return ExitCode::done;
}

ExitCode run_update(Context& context, const UpdateOptions& options) {
    EventUpdate update;
    update.name = options.name;
    update.code = options.new_code;
    update.retention_days = options.retention_days;
    update.no_photographer = options.no_photographer;
    if (!options.date.empty()) update.date = date_from_iso8601(options.date).value();
    if (!options.photographer.empty())
        update.photographer = context.findme().accounts().find(options.photographer).id;
    const bool changes = update.name || update.code || update.retention_days || update.date ||
                         update.photographer || update.no_photographer;
    if (!changes) {
        throw Error(ErrorCode::invalid_argument,
                    "nothing is to be changed: see `findme event update --help` for what can be");
    }
    auto& events = context.findme().events();
    const Event event = events.update(events.find(options.code).id, update);
    print_event(context, event, events.counts(event.id));
    return ExitCode::done;
}

Json to_json(const Event& event, const EventStats& stats) {
    return {{"type", "event_stats"},
            {"v", 1},
            {"event", event.code},
            {"guests", stats.guests},
            {"joined", stats.joined},
            {"selfies", stats.selfies},
            {"photos", stats.photos},
            {"failed", stats.failed},
            {"photos_without_face", stats.photos_without_face},
            {"faces", stats.faces},
            {"matches", stats.matches},
            {"matched_guests", stats.matched_guests}};
}

ExitCode run_stats(Context& context, const std::string& code) {
    auto& events = context.findme().events();
    const Event event = events.find(code);
    const EventStats stats = events.stats(event.id);
    if (!context.is_text()) {
        write_line(context.out(), to_json(event, stats));
        return ExitCode::done;
    }
    context.out() << "guests:  " << stats.guests << " and " << stats.joined << " who joined, with "
                  << counted(stats.selfies, "selfie") << '\n'
                  << "photos:  " << stats.photos << " (" << stats.photos_without_face << " without a face), "
                  << stats.failed << " failed\n"
                  << "faces:   " << stats.faces << '\n'
                  << "matches: " << stats.matches << " for " << counted(stats.matched_guests, "guest")
                  << '\n';
    return ExitCode::done;
}

}  // namespace

void add_event_option(CLI::App& command, std::string& code) {
    command.add_option("-e,--event", code, "Code of the event; may be left out while there is only one")
        ->type_name("CODE");
}

namespace {

constexpr const char* kCode = "Its code, in any spelling";
constexpr const char* kOwnCode = "Code of your choice, 4 to 32 letters and digits";
constexpr const char* kDate = "Day of the event, YYYY-MM-DD";
constexpr const char* kPhotographer = "Whose event it is: a username, an e-mail or id:12";

void setup_create(CLI::App& event, Action& action) {
    auto options = std::make_shared<CreateOptions>();
    auto* create = event.add_subcommand("create", "Make an event");
    create->add_option("name", options->name, "What people call it")->required()->type_name("NAME");
    create->add_option("--code", options->code, kOwnCode)->type_name("CODE");
    create->add_option("--date", options->date, kDate)->check(day())->type_name("DATE");
    create
        ->add_option("--retention-days", options->retention_days,
                     "Days after the event (or today) during which faces may be searched (default 365)")
        ->check(small_whole_number(0))
        ->type_name("DAYS");
    create->add_option("--photographer", options->photographer, kPhotographer)->type_name("NAME");
    create->callback(
        [&action, options] { action = [options](Context& c) { return run_create(c, *options); }; });
}

void setup_update(CLI::App& event, Action& action) {
    auto options = std::make_shared<UpdateOptions>();
    auto* update = event.add_subcommand("update", "Change an event");
    update->add_option("code", options->code, kCode)->required()->type_name("CODE");
    update->add_option("--name", options->name, "What people call it")->type_name("NAME");
    update->add_option("--new-code", options->new_code, kOwnCode)->type_name("CODE");
    update->add_option("--date", options->date, kDate)->check(day())->type_name("DATE");
    update
        ->add_option("--retention-days", options->retention_days,
                     "Days after the event (or its creation) during which faces may be searched")
        ->check(small_whole_number(0))
        ->type_name("DAYS");
    auto* photographer =
        update->add_option("--photographer", options->photographer, kPhotographer)->type_name("NAME");
    update->add_flag("--no-photographer", options->no_photographer, "It is nobody's event any more")
        ->excludes(photographer);
    update->callback(
        [&action, options] { action = [options](Context& c) { return run_update(c, *options); }; });
}

}  // namespace

void setup_event(CLI::App& app, Action& action) {
    auto* event =
        app.add_subcommand("event", "Make, look at, change and erase events")->require_subcommand(1);
    setup_create(*event, action);
    event->add_subcommand("list", "List events, newest first")->callback([&action] { action = run_list; });

    auto code = std::make_shared<std::string>();
    auto* show = event->add_subcommand("show", "Show one event");
    show->add_option("code", *code, kCode)->type_name("CODE");
    show->callback([&action, code] { action = [code](Context& c) { return run_show(c, *code); }; });
    auto* stats = event->add_subcommand("stats", "Count an event's guests, photos, faces and matches");
    stats->add_option("code", *code, kCode)->type_name("CODE");
    stats->callback([&action, code] { action = [code](Context& c) { return run_stats(c, *code); }; });

    setup_update(*event, action);
    setup_event_erase(*event, action);
}

}  // namespace findme::cli
