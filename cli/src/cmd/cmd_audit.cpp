#include <charconv>
#include <memory>

#include "cmd/commands.hpp"
#include "findme/text.hpp"
#include "output/audit.hpp"
#include "output/text.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

constexpr std::int64_t kPage = 1000;

void print_row(std::ostream& out, const AuditEntry& entry) {
    out << entry.id << '\t' << to_iso8601(entry.at) << '\t' << shown(entry.actor) << '\t'
        << shown(entry.action) << '\t' << (entry.subject.empty() ? "-" : shown(entry.subject));
    if (!entry.detail.empty()) out << '\t' << shown(entry.detail);
    out << '\n';
}

ExitCode run_list(Context& context, AuditQuery query) {
    Json document = {{"type", "audit_list"}, {"v", 1}, {"entries", Json::array()}};
    std::int64_t left = query.limit > 0 ? query.limit : std::numeric_limits<std::int64_t>::max();
    for (;;) {
        query.limit = std::min(kPage, left);
        const auto page = context.findme().audit().list(query);
        for (const auto& entry : page) {
            query.after = entry.id;
            switch (context.options.output) {
                case OutputFormat::text:
                    print_row(context.out(), entry);
                    break;
                case OutputFormat::json:
                    document["entries"].push_back(to_json(entry));
                    break;
                case OutputFormat::jsonl:
                    write_line(context.out(), to_json(entry));
                    break;
            }
        }
        left -= static_cast<std::int64_t>(page.size());
        if (page.size() < static_cast<std::size_t>(query.limit) || left == 0) break;
    }
    if (context.options.output == OutputFormat::json) write_document(context.out(), document);
    return ExitCode::done;
}

/// `12:9f86...`, as verify prints it.
AuditAnchor read_anchor(const std::string& text) {
    AuditAnchor anchor;
    const auto colon = text.find(':');
    const char* begin = text.data();
    const char* end = begin + (colon == std::string::npos ? 0 : colon);
    const auto [stop, error] = std::from_chars(begin, end, anchor.id);
    if (error != std::errc{} || stop != end || anchor.id < 1)
        throw Error(
            ErrorCode::invalid_argument,
            "an anchor is written ID:HASH, as `findme audit verify` prints it, not " + findme::quoted(text));
    anchor.hash = content_hash_from_hex(text.substr(colon + 1)).value();
    return anchor;
}

ExitCode run_verify(Context& context, const std::string& anchor) {
    std::optional<AuditAnchor> wanted;
    if (!anchor.empty()) wanted = read_anchor(anchor);
    const AuditCheck check = context.findme().audit().verify(wanted);
    if (!context.is_text()) {
        write_line(context.out(), to_json(check));
    } else {
        context.out() << "entries: " << check.entries << '\n'
                      << "head:    " << check.head.id << ':' << to_hex(check.head.hash) << '\n';
    }
    if (check.good()) return ExitCode::done;
    context.complain({ErrorCode::store_corrupt, check.damage});
    return ExitCode::corrupt;
}

}  // namespace

void setup_audit(CLI::App& app, Action& action) {
    auto* audit = app.add_subcommand("audit", "Who did what to which id")->require_subcommand(1);

    auto query = std::make_shared<AuditQuery>();
    auto* list = audit->add_subcommand("list", "List entries: id, time, actor, action, subject, detail");
    list->add_option("--after", query->after, "Only entries with a greater id")
        ->check(whole_number(0))
        ->type_name("ID");
    list->add_option("--limit", query->limit, "At most so many")->check(whole_number(1))->type_name("N");
    list->add_option("--subject", query->subject, "Only of this subject, as in user:12")
        ->type_name("SUBJECT");
    list->add_option("--action", query->action, "Only this action, or those of a group as in login.")
        ->type_name("ACTION");
    list->callback([&action, query] { action = [query](Context& c) { return run_list(c, *query); }; });

    auto anchor = std::make_shared<std::string>();
    auto* verify = audit->add_subcommand("verify", "Recompute the whole chain; print its head to note down");
    verify->add_option("--anchor", *anchor, "A head that was noted down earlier: it has to be there still")
        ->type_name("ID:HASH");
    verify->callback([&action, anchor] { action = [anchor](Context& c) { return run_verify(c, *anchor); }; });
}

}  // namespace findme::cli
