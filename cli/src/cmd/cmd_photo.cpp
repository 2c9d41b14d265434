#include <algorithm>
#include <cstdio>
#include <memory>

#include "cmd/commands.hpp"
#include "output/json.hpp"
#include "output/text.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

constexpr std::int64_t kPage = 1000;

struct PhotoOptions {
    std::string event;
    std::vector<std::string> references;
    std::int64_t limit = 0;
    std::int64_t after = 0;
    bool failed_only = false;
    bool dry_run = false;
};

std::string first_path(const Photo& photo) {
    return photo.paths.empty() ? "(no path)" : shown(photo.paths.front());
}

void print_row(std::ostream& out, const Photo& photo) {
    out << photo.id.value << '\t' << to_hex(photo.hash).substr(0, 12) << '\t' << to_string(photo.status)
        << '\t' << photo.face_count << '\t' << first_path(photo);
    if (!photo.error_code.empty()) out << '\t' << photo.error_code;
    out << '\n';
}

/// Page by page: as text and as lines a long list needs no more memory than a short one.
ExitCode run_list(Context& context, const PhotoOptions& options) {
    const Event event = context.findme().events().find(options.event);
    Json document = {{"type", "photo_list"}, {"v", 1}, {"event", event.code}, {"photos", Json::array()}};
    std::int64_t shown_count = 0;
    PhotoId after{options.after};
    for (;;) {
        const auto page = context.findme().photos().list(event.id, after, kPage);
        for (const auto& photo : page) {
            after = photo.id;
            if (options.failed_only && photo.status != PhotoStatus::failed) continue;
            if (options.limit > 0 && shown_count == options.limit) break;
            ++shown_count;
            switch (context.options.output) {
                case OutputFormat::text:
                    print_row(context.out(), photo);
                    break;
                case OutputFormat::json:
                    document["photos"].push_back(to_json(photo));
                    break;
                case OutputFormat::jsonl:
                    write_line(context.out(), to_json(photo));
                    break;
            }
        }
        const bool enough = options.limit > 0 && shown_count == options.limit;
        if (enough || page.size() < static_cast<std::size_t>(kPage)) break;
    }
    if (context.options.output == OutputFormat::json) write_document(context.out(), document);
    return ExitCode::done;
}

Json photo_json(const Photo& photo, const std::vector<PhotoFace>& faces) {
    Json json = to_json(photo);
    json["faces"] = Json::array();
    for (const auto& face : faces) json["faces"].push_back(to_json(face));
    return json;
}

void print_text(std::ostream& out, const Photo& photo, const std::vector<PhotoFace>& faces) {
    out << "photo:    " << photo.id.value << "  " << to_hex(photo.hash) << '\n';
    for (const auto& path : photo.paths) out << "path:     " << shown(path) << '\n';
    out << "status:   " << to_string(photo.status);
    if (!photo.error_message.empty()) out << "  " << shown(photo.error_message);
    out << "\nsize:     " << photo.width_px << " x " << photo.height_px << " px\n";
    out << "captured: " << (photo.captured_at ? to_iso8601(*photo.captured_at) : "-") << '\n';
    out << "indexed:  " << to_iso8601(photo.indexed_at) << "\n";
    std::vector<std::vector<std::string>> rows{
        {"FACE", "AT %", "HEIGHT PX", "DETECTION", "SHARPNESS", "YAW"}};
    for (const auto& face : faces) {
        const auto& box = face.face.box;
        const auto number = [](double value, int decimals) {
            char text[32];
            std::snprintf(text, sizeof text, "%.*f", decimals, value);
            return std::string(text);
        };
        rows.push_back({std::to_string(face.id.value),
                        number(100.0 * box.x, 0) + "," + number(100.0 * box.y, 0),
                        number(face.face.quality.height_px, 0), number(face.face.score, 2),
                        number(face.face.quality.sharpness, 0), number(face.face.quality.yaw, 2)});
    }
    if (rows.size() > 1) write_table(out, rows);
}

ExitCode run_show(Context& context, const PhotoOptions& options) {
    const Event event = context.findme().events().find(options.event);
    Json shown_photos = Json::array();
    for (const auto& reference : options.references) {
        const Photo photo = context.findme().photos().find(event.id, reference);
        const auto faces = context.findme().photos().faces(photo.id);
        switch (context.options.output) {
            case OutputFormat::text:
                print_text(context.out(), photo, faces);
                break;
            case OutputFormat::json:
                shown_photos.push_back(photo_json(photo, faces));
                break;
            case OutputFormat::jsonl:
                write_line(context.out(), photo_json(photo, faces));
                break;
        }
    }
    if (context.options.output == OutputFormat::json) {
        // One document: a photo, or the list of those asked for.
        write_document(
            context.out(),
            shown_photos.size() == 1
                ? shown_photos.front()
                : Json{{"type", "photo_list"}, {"v", 1}, {"event", event.code}, {"photos", shown_photos}});
    }
    return ExitCode::done;
}

/// What forgetting said of each photo: a line each, or one document of all, also when it ends early.
class ForgetPrinter {
  public:
    ForgetPrinter(Context& context, const Event& event, bool dry_run) : context_(context), dry_run_(dry_run) {
        list_ = {{"type", "photo_forget_list"},
                 {"v", 1},
                 {"event", event.code},
                 {"dry_run", dry_run},
                 {"photos", Json::array()}};
    }

    void tell_plan(const Photo& photo) {
        if (!context_.is_text()) return tell({{"photo", to_json(photo)}});
        context_.out() << "would forget " << first_path(photo) << ": " << counted(photo.face_count, "face")
                       << '\n';
    }

    void tell_done(const Photo& photo, const ForgetReceipt& receipt) {
        if (!context_.is_text()) {
            return tell({{"photo_id", photo.id.value},
                         {"sha256", to_hex(photo.hash)},
                         {"receipt", to_json(receipt)}});
        }
        context_.out() << "forgot " << first_path(photo) << ": " << counted(receipt.faces, "face") << ", "
                       << counted(receipt.templates, "template") << ", " << receipt.left << " left\n";
    }

    /// @param asked  for so many photos: of one the document is that one.
    void finish(std::size_t asked) {
        auto& photos = list_["photos"];
        if (context_.options.output != OutputFormat::json || photos.empty()) return;
        write_document(context_.out(), asked == 1 ? photos.front() : list_);
    }

  private:
    void tell(const Json& what) {
        Json json = {{"type", "photo_forget"}, {"v", 1}, {"dry_run", dry_run_}};
        json.update(what);
        if (context_.options.output == OutputFormat::jsonl) return write_line(context_.out(), json);
        list_["photos"].push_back(std::move(json));
    }

    Context& context_;
    bool dry_run_;
    Json list_;
};

/// @return whether the photo's rows are gone; what is wrong otherwise is said.
ExitCode judge(Context& context, const Photo& photo, const ForgetReceipt& receipt) {
    if (receipt.left > 0) {
        context.complain(
            {ErrorCode::internal,
             "rows of " + first_path(photo) +
                 " are still in the database: please report it, and run the same command again"});
        return ExitCode::failed;
    }
    if (receipt.scrubbed) return ExitCode::done;
    context.complain(
        {ErrorCode::store_locked,
         "another process is reading the database: the deleted bytes leave its log when that is done"});
    return ExitCode::partial;
}

ExitCode forget(Context& context, const std::vector<Photo>& photos, ForgetPrinter& printer) {
    ExitCode exit = ExitCode::done;
    for (const auto& photo : photos) {
        const ForgetReceipt receipt = context.findme().photos().forget(photo.id);
        printer.tell_done(photo, receipt);
        const ExitCode judged = judge(context, photo, receipt);
        if (judged != ExitCode::done) exit = judged;
        if (judged == ExitCode::failed) break;
    }
    return exit;
}

ExitCode run_forget(Context& context, const PhotoOptions& options) {
    const Event event = context.findme().events().find(options.event);
    std::vector<Photo> photos;  // All are found before the first is forgotten.
    for (const auto& reference : options.references) {
        Photo photo = context.findme().photos().find(event.id, reference);
        const bool is_known = std::any_of(photos.begin(), photos.end(),
                                          [&](const Photo& earlier) { return earlier.id == photo.id; });
        if (!is_known) photos.push_back(std::move(photo));
    }
    ForgetPrinter printer(context, event, options.dry_run);
    ExitCode exit = ExitCode::done;
    try {
        if (options.dry_run) {
            for (const auto& photo : photos) printer.tell_plan(photo);
        } else {
            exit = forget(context, photos, printer);
        }
    } catch (const Error&) {
        printer.finish(options.references.size());  // Those before it are forgotten.
        throw;
    }
    printer.finish(options.references.size());
    return exit;
}

}  // namespace

void setup_photo(CLI::App& app, Action& action) {
    auto* photo =
        app.add_subcommand("photo", "Look at indexed photos, or forget them")->require_subcommand(1);
    auto options = std::make_shared<PhotoOptions>();

    auto* list = photo->add_subcommand("list", "List an event's photos: id, SHA-256, status, faces, path");
    add_event_option(*list, options->event);
    list->add_option("--limit", options->limit, "At most so many")->check(whole_number(1))->type_name("N");
    list->add_option("--after", options->after, "Only photos with a greater id")
        ->check(whole_number(0))
        ->type_name("ID");
    list->add_flag("--failed", options->failed_only, "Only photos that could not be indexed");
    list->callback([&action, options] { action = [options](Context& c) { return run_list(c, *options); }; });

    constexpr const char* kReference = "A path, or at least 8 digits of the SHA-256";
    auto* show = photo->add_subcommand("show", "Show what is known of a photo");
    show->add_option("photo", options->references, kReference)->required()->type_name("PHOTO");
    add_event_option(*show, options->event);
    show->callback([&action, options] { action = [options](Context& c) { return run_show(c, *options); }; });

    auto* forget = photo->add_subcommand("forget", "Remove a photo's faces and templates; the file stays");
    forget->add_option("photo", options->references, kReference)->required()->type_name("PHOTO");
    add_event_option(*forget, options->event);
    forget->add_flag("-n,--dry-run", options->dry_run, "Only say what would be removed");
    forget->callback(
        [&action, options] { action = [options](Context& c) { return run_forget(c, *options); }; });
}

}  // namespace findme::cli
