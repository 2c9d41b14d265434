#include <cstdio>
#include <memory>
#include <optional>

#include "cmd/commands.hpp"
#include "output/json.hpp"
#include "output/text.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

/// Below, one selfie in a hundred of the same person falls (LFW): worth a word, not a refusal.
constexpr double kDoubtfulAgreement = 50;

struct MatchOptions {
    std::vector<std::string> selfies;
    std::string event;
    std::optional<double> min_score;
    std::int64_t limit = 0;
    std::string sheet;
    bool force = false;
    bool print_null = false;
};

std::string percent_box(const Box& box) {
    char text[64];
    std::snprintf(text, sizeof text, "%.0f,%.0f %.0fx%.0f %%", 100.0 * box.x, 100.0 * box.y,
                  100.0 * box.width, 100.0 * box.height);
    return text;
}

void print_text(Context& context, const MatchReport& report, bool print_null) {
    if (print_null) {
        for (const auto& match : report.matches) {
            if (!match.photo.paths.empty()) context.out() << match.photo.paths.front() << '\0';
        }
        return;
    }
    if (report.matches.empty()) return;
    std::vector<std::vector<std::string>> rows{{"SCORE", "FACE AT", "PHOTO"}};
    for (const auto& match : report.matches) {
        char score[16];
        std::snprintf(score, sizeof score, "%5.1f", match.score);
        const std::string path =
            match.photo.paths.empty() ? to_hex(match.photo.hash) : shown(match.photo.paths.front());
        rows.push_back({score, percent_box(match.face.face.box), path});
    }
    write_table(context.out(), rows);
}

void print_report(Context& context, const Event& event, const MatchReport& report, bool print_null) {
    if (context.is_text()) return print_text(context, report, print_null);
    if (context.options.output == OutputFormat::jsonl) {
        for (const auto& selfie : report.selfies) write_line(context.out(), to_json(selfie));
        for (const auto& match : report.matches) write_line(context.out(), to_json(match));
        return;
    }
    Json json = {{"type", "match_report"},
                 {"v", 1},
                 {"event", event.code},
                 {"min_score", report.min_score},
                 {"faces_searched", report.faces_searched},
                 {"photos_left_out", report.photos_left_out},
                 {"selfies", Json::array()},
                 {"matches", Json::array()}};
    for (const auto& selfie : report.selfies) json["selfies"].push_back(to_json(selfie));
    for (const auto& match : report.matches) json["matches"].push_back(to_json(match));
    write_document(context.out(), json);
}

/// Before the search, which may take minutes.
std::optional<OutputFile> sheet_file(Context& context, const MatchOptions& options) {
    if (options.sheet.empty()) return std::nullopt;
    OutputFileRequest request;
    request.path = options.sheet;
    request.what = "contact sheet";
    request.if_exists = options.force ? IfExists::replace : IfExists::refuse;
    request.inputs = options.selfies;
    for (const auto& file : context.config_report().files) request.inputs.push_back(file.path);
    return context.findme().output_file(std::move(request));
}

/// @return whether every photo found could be drawn, as far as there is room.
bool draw_sheet(Context& context, const MatchReport& report, const OutputFile& file) {
    context.out().flush();  // The sheet may go to the same place.
    const auto sheet = context.findme().draw_contact_sheet(report, file);
    for (const auto& failed : sheet.failed) context.complain(failed);
    if (sheet.tiles < report.matches.size()) {
        context.say("the contact sheet shows " + std::to_string(sheet.tiles) + " of " +
                    counted(static_cast<std::int64_t>(report.matches.size()), "photo"));
    }
    return sheet.failed.empty();
}

ExitCode run_match(Context& context, const MatchOptions& options) {
    MatchRequest request;
    request.event = context.findme().events().find(options.event);
    request.selfies = options.selfies;
    request.min_score = options.min_score;
    request.limit = options.limit;
    const auto sheet = sheet_file(context, options);
    const MatchReport report = context.findme().match(request);

    std::size_t refused = 0;
    for (const auto& selfie : report.selfies) {
        if (selfie.refused) {
            ++refused;
            context.complain(*selfie.refused);
        } else if (selfie.agreement && *selfie.agreement < kDoubtfulAgreement) {
            context.say("selfie " + shown(selfie.path) +
                        " looks like nobody on the others: are all of one person?");
        }
    }
    print_report(context, request.event, report, options.print_null);
    if (refused == report.selfies.size()) return exit_code_of(report.selfies.front().refused->code);
    if (report.photos_left_out > 0) {
        context.complain(
            {ErrorCode::index_outdated,
             counted(report.photos_left_out, "photo") + " of the event " + request.event.code +
                 " could not be searched, because another detector indexed them: run `findme index` "
                 "on them again",
             request.event.code});
    }
    if (report.matches.empty()) {
        context.say("nobody like this on the " + counted(report.faces_searched, "face") + " of the event " +
                    request.event.code);
        return report.photos_left_out > 0 ? ExitCode::partial : ExitCode::nothing;
    }
    const bool drawn = !sheet || draw_sheet(context, report, *sheet);
    return refused > 0 || !drawn || report.photos_left_out > 0 ? ExitCode::partial : ExitCode::done;
}

}  // namespace

void setup_match(CLI::App& app, Action& action) {
    auto options = std::make_shared<MatchOptions>();
    auto* match =
        app.add_subcommand("match", "Find a person's photos from one or more selfies; keeps nothing");
    match->add_option("selfie", options->selfies, "Pictures of one person; several make the search surer")
        ->required()
        ->type_name("SELFIE");
    add_event_option(*match, options->event);
    match->add_option("--min-score", options->min_score, "Leave out matches below")->type_name("SCORE");
    match->add_option("--limit", options->limit, "Show the best so many")
        ->check(whole_number(1))
        ->type_name("N");
    auto* sheet =
        match->add_option("--sheet", options->sheet, "Draw the photos found on one JPEG, faces framed")
            ->type_name("FILE");
    match->add_flag("--force", options->force, "Replace the file of --sheet; never a photo")->needs(sheet);
    match->add_flag("-0,--print0", options->print_null, "Print paths only, each ended by NUL, for xargs -0");
    match->callback([&action, options] {
        action = [options](Context& context) { return run_match(context, *options); };
    });
}

}  // namespace findme::cli
