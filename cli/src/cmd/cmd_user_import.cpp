#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "cmd/commands.hpp"
#include "cmd/wait_option.hpp"
#include "csv.hpp"
#include "findme/text.hpp"
#include "output/account.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20U;

struct ImportOptions {
    std::string file;
    std::string event;
    bool keep_good = false;
    bool with_tokens = false;
    bool dry_run = false;
    WaitOption wait;
};

/// Which column of the file holds what; the first row says.
struct Columns {
    std::optional<std::size_t> username, email, role, event;
};

std::string read_all(Context& context, const std::string& file) {
    std::ifstream opened;
    if (file != "-") {
        opened.open(file, std::ios::binary);
        if (!opened)
            throw Error(ErrorCode::file_unreadable, "cannot read " + findme::quoted(file) + ": is it there?",
                        file);
    }
    std::istream& in = file == "-" ? context.in() : opened;
    std::string text;
    std::vector<char> buffer(std::size_t{1} << 16U);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
        if (text.size() > kMaxFileBytes)
            throw Error(ErrorCode::invalid_argument,
                        findme::quoted(file) + " is larger than 64 MiB: import it in parts", file);
    }
    if (in.bad())
        throw Error(ErrorCode::file_unreadable, "cannot read " + findme::quoted(file) + " to its end", file);
    return text;
}

Columns read_header(const CsvRow& row) {
    const std::vector<std::string> known{"username", "email", "role", "event"};
    Columns columns;
    for (std::size_t i = 0; i < row.fields.size(); ++i) {
        std::string name = row.fields[i];
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        auto* column = name == "username" ? &columns.username
                       : name == "email"  ? &columns.email
                       : name == "role"   ? &columns.role
                       : name == "event"  ? &columns.event
                                          : nullptr;
        if (column == nullptr)
            throw Error(ErrorCode::invalid_argument,
                        "line " + std::to_string(row.line) + ": there is no column " + findme::quoted(name) +
                            did_you_mean(name, known) + "; known are username, email, role and event");
        if (*column)
            throw Error(ErrorCode::invalid_argument, "line " + std::to_string(row.line) + ": the column " +
                                                         findme::quoted(name) + " is there twice");
        *column = i;
    }
    if (!columns.username || !columns.email)
        throw Error(
            ErrorCode::invalid_argument,
            "the first row names the columns: username and email are needed, role and event may be there");
    return columns;
}

/// @return the registration of a row, or what is wrong with the row itself.
Result<Registration> read_row(const CsvRow& row, const Columns& columns, std::size_t width,
                              const ImportOptions& options) {
    const std::string line = "line " + std::to_string(row.line);
    if (row.fields.size() != width)
        return ErrorInfo{ErrorCode::invalid_argument,
                         line + ": it has " + counted(static_cast<std::int64_t>(row.fields.size()), "field") +
                             ", the first row has " + std::to_string(width),
                         line};
    Registration registration;
    registration.line = row.line;
    registration.username = row.fields[*columns.username];
    registration.email = row.fields[*columns.email];
    registration.with_token = options.with_tokens;
    if (columns.role && !row.fields[*columns.role].empty()) {
        const auto role = role_from_string(row.fields[*columns.role]);
        if (!role) return ErrorInfo{ErrorCode::invalid_argument, line + ": " + role.error().message, line};
        registration.role = *role;
    }
    const bool has_event = columns.event && !row.fields[*columns.event].empty();
    if (has_event) {
        registration.event_code = row.fields[*columns.event];
    } else if (registration.role == Role::guest) {
        registration.event_code = options.event;
    }
    return registration;
}

void print_added(Context& context, const ImportReport& report) {
    const auto codes = event_codes(context);
    const auto code_of = [&](const Account& account) {
        const auto code = account.event ? codes.find(*account.event) : codes.end();
        return code == codes.end() ? std::string() : code->second;
    };
    if (context.options.output == OutputFormat::json) {
        Json document = {{"type", "import"}, {"v", 1}, {"added", Json::array()}, {"refused", Json::array()}};
        for (const auto& added : report.added)
            document["added"].push_back(to_json(added, code_of(added.account)));
        for (const auto& refused : report.refused) document["refused"].push_back(to_json(refused));
        return write_document(context.out(), document);
    }
    if (context.options.output == OutputFormat::jsonl) {
        for (const auto& added : report.added)
            write_line(context.out(), to_json(added, code_of(added.account)));
        return;
    }
    const bool with_tokens = std::any_of(report.added.begin(), report.added.end(),
                                         [](const auto& added) { return added.token.has_value(); });
    if (!with_tokens)
        return context.say("added " + counted(static_cast<std::int64_t>(report.added.size()), "account"));
    // To hand on to a mail merge: the tokens are seen this once.
    context.out() << csv_row({"id", "username", "email", "event", "token", "token_expires_at"});
    for (const auto& added : report.added)
        context.out() << csv_row({std::to_string(added.account.id.value), added.account.username,
                                  added.account.email, code_of(added.account),
                                  std::string(added.token->token.view()),
                                  to_iso8601(added.token->expires_at)});
}

ExitCode run_import(Context& context, const ImportOptions& options) {
    const std::string text = read_all(context, options.file);
    // As `user add`, which it is many of.
    if (!options.dry_run) context.make_missing_database();
    auto document = parse_csv(text);
    std::vector<ErrorInfo> problems = std::move(document.problems);
    if (document.rows.empty() && problems.empty())
        throw Error(ErrorCode::invalid_argument,
                    findme::quoted(options.file) + " is empty: the first row names the columns",
                    options.file);
    if (document.rows.empty()) throw Error(problems.front());
    const Columns columns = read_header(document.rows.front());
    const std::size_t width = document.rows.front().fields.size();
    std::vector<Registration> registrations;
    for (auto row = std::next(document.rows.begin()); row != document.rows.end(); ++row) {
        if (auto registration = read_row(*row, columns, width, options)) {
            registrations.push_back(std::move(registration).value());
        } else {
            problems.push_back(registration.error());
        }
    }
    const bool whole = !options.keep_good;
    const bool may_write = !options.dry_run && (problems.empty() || !whole);
    const auto stop = context.take_stops("stopping after the account at work");
    std::optional<RunLock> lock;
    if (!options.dry_run)
        lock.emplace(lock_run(context, options.wait, "user-import", "is importing accounts", stop));
    const ImportMode mode = !may_write ? ImportMode::check_only
                            : whole    ? ImportMode::all_or_nothing
                                       : ImportMode::what_is_good;
    ImportReport report = context.findme().accounts().import(std::move(registrations), mode, stop);
    context.count("accounts_imported", static_cast<std::int64_t>(report.added.size()));
    if (report.cancelled || report.failure) {
        if (!report.added.empty()) print_added(context, report);
        if (report.failure) throw Error(*std::move(report.failure));
        return ExitCode::interrupted;
    }
    problems.insert(problems.end(), report.refused.begin(), report.refused.end());
    const auto line_of = [](const ErrorInfo& problem) { return std::stoll("0" + problem.subject.substr(5)); };
    std::stable_sort(problems.begin(), problems.end(),
                     [&](const ErrorInfo& a, const ErrorInfo& b) { return line_of(a) < line_of(b); });
    for (const auto& problem : problems) context.complain(problem);
    report.refused = problems;
    if (options.dry_run && problems.empty()) context.say("nothing is wrong with it, and nothing was written");
    if (!options.dry_run && whole && !problems.empty())
        context.complain({ErrorCode::invalid_argument,
                          "nothing was imported: mend the lines above, or say"
                          " --keep-good for the others"});
    if (problems.empty() || !whole || !context.is_text()) print_added(context, report);
    if (problems.empty()) return ExitCode::done;
    return whole || report.added.empty() ? exit_code_of(problems.front().code) : ExitCode::partial;
}

}  // namespace

void setup_user_import(CLI::App& user, Action& action) {
    auto options = std::make_shared<ImportOptions>();
    auto* import =
        user.add_subcommand("import", "Make accounts from a CSV file: all of them or, by default, none");
    import
        ->add_option("file", options->file,
                     "CSV whose first row names username, email, role, event; - for stdin")
        ->required()
        ->type_name("CSV");
    import->add_option("-e,--event", options->event, "Event of the guests whose row names none")
        ->type_name("CODE");
    import->add_flag("--keep-good", options->keep_good, "Import the good rows, report the others");
    import->add_flag("--tokens", options->with_tokens,
                     "Issue a one-time token for each account, and print it");
    import->add_flag("-n,--dry-run", options->dry_run, "Only check");
    add_wait_option(*import, options->wait);
    import->callback(
        [&action, options] { action = [options](Context& c) { return run_import(c, *options);
};
}  // namespace findme::cli
);
}

}  // namespace findme::cli
