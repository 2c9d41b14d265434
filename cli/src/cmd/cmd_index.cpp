#include <malloc.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <system_error>

#include "cmd/commands.hpp"
#include "cmd/wait_option.hpp"
#include "output/json.hpp"
#include "output/progress.hpp"
#include "output/text.hpp"
#include "service_manager.hpp"

namespace findme::cli {
namespace {

struct IndexOptions {
    std::vector<std::string> paths;
    std::string event;
    std::string files_from;
    bool null_separated = false;
    std::optional<int> jobs;
    bool reindex = false;
    bool dry_run = false;
    bool watch = false;
    bool shared = false;
    WaitOption wait;
};

/// Renders the run as it goes: a line of JSON a file, or complaints and a progress line.
class IndexPrinter final : public IndexObserver {
  public:
    explicit IndexPrinter(Context& context)
        : context_(context), line_(context.err(), context.shows_progress()) {}

    void on_item(const IndexItem& item) override {
        write_down(item);
        if (context_.options.output == OutputFormat::jsonl) write_line(context_.out(), to_json(item));
        if (context_.options.output == OutputFormat::json && item.outcome == IndexOutcome::failed) {
            failed_.push_back(to_json(item));
        }
        if (!context_.is_text()) return;
        if (item.outcome == IndexOutcome::failed) {
            line_.clear();
            context_.complain(*item.error);
        } else if (context_.options.verbose) {
            line_.clear();
            const std::string why = item.error ? ": " + item.error->message : "";
            context_.say(std::string(to_string(item.outcome)) + " " + shown(item.path) + why);
        }
    }

    void on_progress(const IndexProgress& progress) override { line_.show(progress); }

    void on_following() override {
        line_.clear();
        context_.say("all that is there is indexed; waiting for more");
        ServiceManager(context_.environment()).notify("READY=1\nSTATUS=Waiting for photos");
    }

    void on_delay(const ErrorInfo& why) override {
        line_.clear();
        const LogField fields[] = {{"code", std::string(to_string(why.code))}};
        context_.log().write(LogLevel::warning, "index_delayed", fields);
    }

    void finish(const IndexSummary& summary, bool dry_run) {
        line_.clear();
        Json json = to_json(summary);
        if (context_.options.output == OutputFormat::jsonl) return write_line(context_.out(), json);
        if (context_.options.output == OutputFormat::json) {
            json["failures"] = failed_;
            return write_document(context_.out(), json);
        }
        if (context_.options.quiet && !dry_run) return;
        auto& out = context_.out();
        if (dry_run) {
            out << "would index " << counted(summary.pending, "photo") << "; ";
        } else {
            out << "indexed " << counted(summary.indexed, "photo") << " with "
                << counted(summary.faces, "face") << "; ";
        }
        out << summary.unchanged + summary.duplicate << " known already, " << summary.failed << " failed, "
            << summary.ignored << " ignored\n";
    }

  private:
    /// For the operator.
    void write_down(const IndexItem& item) {
        if (item.outcome == IndexOutcome::indexed) {
            context_.count("photos_indexed", 1);
            context_.count("faces_found", item.faces);
        }
        if (item.outcome != IndexOutcome::failed) return;
        context_.count("photos_failed", 1);
        const LogField fields[] = {{"code", std::string(to_string(item.error->code))}};
        context_.log().write(LogLevel::info, "photo_failed", fields);
    }

    Context& context_;
    ProgressLine line_;
    Json failed_ = Json::array();
};

/// Paths from a stream, one a line or one a NUL.
std::function<std::optional<std::string>()> paths_from(std::istream& in, bool null_separated) {
    return [&in, null_separated]() -> std::optional<std::string> {
        std::string path;
        while (std::getline(in, path, null_separated ? '\0' : '\n')) {
            if (!null_separated && !path.empty() && path.back() == '\r') path.pop_back();
            if (!path.empty()) return path;
        }
        return std::nullopt;
    };
}

/// Every photo takes tens of megabytes and gives them back: left to itself the C library gives them back to
/// the kernel, which has to find and clear them anew for the next photo.
void keep_freed_memory() {
    constexpr int kMmapFrom_bytes = 32 << 20;
    constexpr int kTrimFrom_bytes = 256 << 20;
    static_cast<void>(mallopt(M_MMAP_THRESHOLD, kMmapFrom_bytes));
    static_cast<void>(mallopt(M_TRIM_THRESHOLD, kTrimFrom_bytes));
}

ExitCode run_index(Context& context, const IndexOptions& options) {
    if (options.paths.empty() && options.files_from.empty()) {
        throw Error(ErrorCode::invalid_argument, "name a folder or files to index, or give --files-from");
    }
    if (!options.dry_run) context.make_missing_database();
    IndexRequest request;
    request.event = context.findme().events().find(options.event);
    request.paths = options.paths;
    request.jobs = options.jobs;
    request.reindex = options.reindex;
    request.dry_run = options.dry_run;
    request.shared = options.shared;
    std::ifstream list;
    if (options.files_from == "-") {
        request.more_paths = paths_from(context.in(), options.null_separated);
    } else if (!options.files_from.empty()) {
        list.open(options.files_from, std::ios::binary);
        std::error_code ignored;
        // A folder opens as a file does, and reads as an empty one.
        if (!list || std::filesystem::is_directory(options.files_from, ignored)) {
            throw Error(ErrorCode::not_found, "cannot read the list of files " + shown(options.files_from));
        }
        request.more_paths = paths_from(list, options.null_separated);
    }

    std::optional<RunLock> lock;
    if (!options.dry_run) {
        for (const char* name : {"photos_indexed", "photos_failed", "faces_found"}) context.count(name, 0);
        request.stop = context.take_stops("stopping after the photos at work");
        lock.emplace(lock_run(context, options.wait, "index-" + std::to_string(request.event.id.value),
                              "is indexing this event", request.stop,
                              options.shared ? RunLockKind::shared : RunLockKind::alone));
    }
    keep_freed_memory();
    IndexPrinter printer(context);
    const IndexSummary summary =
        options.watch ? context.findme().watch(request, printer) : context.findme().index(request, printer);
    printer.finish(summary, options.dry_run);
    if (summary.guests_left_out > 0) {
        context.say(counted(summary.guests_left_out, "guest") +
                    " cannot be found on these photos, because another detector was in use when the selfies "
                    "came: ask for new ones (findme user selfie add)");
    }
    if (summary.cancelled || (options.watch && context.stopped_by_limit())) {
        if (context.signal() != 0) context.say("interrupted: the same command goes on where it stopped");
        return ExitCode::interrupted;
    }
    if (list.bad())
        throw Error(ErrorCode::file_unreadable,
                    "the list of files " + shown(options.files_from) + " could not be read to its end");
    return summary.failed > 0 ? ExitCode::partial : ExitCode::done;
}

}  // namespace

void setup_index(CLI::App& app, Action& action) {
    auto options = std::make_shared<IndexOptions>();
    auto* index = app.add_subcommand("index", "Find the faces on photos and keep them with an event");
    index->add_option("path", options->paths, "Photos, or folders to walk")->type_name("PATH");
    add_event_option(*index, options->event);
    index->add_option("-j,--jobs", options->jobs, "Photos worked on at once; 0 for one per core")
        ->type_name("N");
    index->add_flag("-n,--dry-run", options->dry_run, "Only say what would be done");
    index->add_flag("--reindex", options->reindex, "Work on photos again although they are indexed");
    index
        ->add_option("--files-from", options->files_from,
                     "Read further paths from a file, or from - (standard input)")
        ->type_name("FILE");
    index->add_flag("-0,--null", options->null_separated,
                    "Paths of --files-from end in NUL instead of a line end");
    auto* watch =
        index->add_flag("--watch", options->watch, "Then index what comes into the folders, until stopped");
    auto* shared = index->add_flag("--shared", options->shared,
                                   "Share the work with other runs, on this and on other machines");
    for (const char* other : {"--dry-run", "--reindex", "--files-from"}) {
        watch->excludes(other);
        shared->excludes(other);
    }
    shared->excludes(watch);
    add_wait_option(*index, options->wait);
    index->callback([&action, options] {
        action = [options](Context& context) { return run_index(context, *options); };
    });
}

}  // namespace findme::cli
