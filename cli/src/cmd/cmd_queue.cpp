#include <cstdio>
#include <memory>

#include "cmd/commands.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

struct QueueOptions {
    std::string event;
};

std::string seconds_text(std::chrono::milliseconds duration) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(duration).count());
    return text;
}

void print_text(Context& context, const QueueStatus& status) {
    auto& out = context.out();
    out << "ready:   " << status.ready << "\nleased:  " << status.leased << "\nexpired: " << status.expired
        << "\ndead:    " << status.dead
        << "\noldest:  " << (status.oldest ? seconds_text(*status.oldest) : "-") << '\n';
    for (const auto& job : status.given_up) {
        out << shown(job.path) << '\t' << counted(job.attempts, "attempt") << '\t' << shown(job.error)
            << '\n';
    }
}

ExitCode run_status(Context& context, const QueueOptions& options) {
    const Event event = context.findme().events().find(options.event);
    const QueueStatus status = context.findme().queue().status(event.id);
    switch (context.options.output) {
        case OutputFormat::text:
            print_text(context, status);
            break;
        case OutputFormat::json:
            write_document(context.out(), to_json(event, status));
            break;
        case OutputFormat::jsonl:
            write_line(context.out(), to_json(event, status));
            break;
    }
    return ExitCode::done;
}

/// What a change did, in each form.
ExitCode tell(Context& context, const Event& event, const char* type, const char* done, std::int64_t files) {
    if (!context.is_text()) {
        write_line(context.out(), {{"type", type}, {"v", 1}, {"event", event.code}, {"files", files}});
    } else if (!context.options.quiet) {
        context.out() << done << ' ' << counted(files, "file") << '\n';
    }
    return ExitCode::done;
}

ExitCode run_retry(Context& context, const QueueOptions& options) {
    const Event event = context.findme().events().find(options.event);
    return tell(context, event, "queue_retry", "queued again:", context.findme().queue().retry(event.id));
}

ExitCode run_cancel(Context& context, const QueueOptions& options) {
    const Event event = context.findme().events().find(options.event);
    return tell(context, event, "queue_cancel",
                "taken out of the queue:", context.findme().queue().cancel(event.id));
}

}  // namespace

void setup_queue(CLI::App& app, Action& action) {
    auto* queue =
        app.add_subcommand("queue", "Look after the queue of `findme index --shared`")->require_subcommand(1);
    auto options = std::make_shared<QueueOptions>();
    const auto add = [&](const char* name, const char* help, ExitCode (*run)(Context&, const QueueOptions&)) {
        auto* command = queue->add_subcommand(name, help);
        add_event_option(*command, options->event);
        command->callback(
            [&action, options, run] { action = [options, run](Context& c) { return run(c, *options); }; });
    };
    add("status", "Say how many files wait, are at work, or were given up and why", run_status);
    add("retry", "Queue what was given up again", run_retry);
    add("cancel", "Take out of the queue whatever nobody is at work on", run_cancel);
}

}  // namespace findme::cli
