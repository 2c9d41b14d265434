#include <memory>

#include "cmd/commands.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

struct CreateOptions {
    std::string name;
    std::string code;
    std::string date;
    int retention_days = kDefaultRetentionDays;
};

void print_event(Context& context, const Event& event, const EventCounts& counts) {
    if (!context.is_text()) return write_line(context.out(), to_json(event, counts));
    context.out() << "code:       " << shown(event.code) << '\n'
                  << "name:       " << shown(event.name) << '\n'
                  << "date:       " << (event.date ? to_iso8601(*event.date) : "-") << '\n'
                  << "searchable: until " << to_iso8601(event.expires_at) << '\n'
                  << "photos:     " << counts.photos << " (" << counts.failed << " failed)\n"
                  << "faces:      " << counts.faces << '\n';
}

ExitCode run_create(Context& context, const CreateOptions& options) {
    EventRequest request{options.name, options.code, std::nullopt, options.retention_days};
    if (!options.date.empty()) request.date = date_from_iso8601(options.date).value();
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
        std::vector<std::vector<std::string>> rows{{"CODE", "DATE", "PHOTOS", "FACES", "NAME"}};
        for (const auto& event : all) {
            const auto counts = events.counts(event.id);
            rows.push_back({shown(event.code), event.date ? to_iso8601(*event.date) : "-",
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

}  // namespace

void add_event_option(CLI::App& command, std::string& code) {
    command.add_option("-e,--event", code, "Code of the event; may be left out while there is only one")
        ->type_name("CODE");
}

void setup_event(CLI::App& app, Action& action) {
    auto* event = app.add_subcommand("event", "Make and look at events")->require_subcommand(1);

    auto create_options = std::make_shared<CreateOptions>();
    auto* create = event->add_subcommand("create", "Make an event");
    create->add_option("name", create_options->name, "What people call it")->required()->type_name("NAME");
    create->add_option("--code", create_options->code, "Code of your choice, 4 to 32 letters and digits")
        ->type_name("CODE");
    create->add_option("--date", create_options->date, "Day of the event, YYYY-MM-DD")->type_name("DATE");
    create
        ->add_option("--retention-days", create_options->retention_days,
                     "Days after the event (or today) during which faces may be searched (default 365)")
        ->type_name("DAYS");
    create->callback([&action, create_options] {
        action = [create_options](Context& context) { return run_create(context, *create_options); };
    });

    event->add_subcommand("list", "List events, newest first")->callback([&action] { action = run_list; });

    auto code = std::make_shared<std::string>();
    auto* show = event->add_subcommand("show", "Show one event");
    show->add_option("code", *code, "Its code, in any spelling")->type_name("CODE");
    show->callback(
        [&action, code] { action = [code](Context& context) { return run_show(context, *code); }; });
}

}  // namespace findme::cli
