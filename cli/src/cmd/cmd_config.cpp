#include <algorithm>
#include <memory>

#include "cmd/commands.hpp"
#include "docs/config_documents.hpp"
#include "findme/text.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

Json to_json(const ConfigEntry& entry) {
    Json json = {{"key", entry.key},
                 {"value", entry.value},
                 {"unit", entry.unit},
                 {"origin", to_string(entry.origin)},
                 {"source", entry.source},
                 {"help", entry.help},
                 {"type", to_string(entry.type)},
                 {"default", entry.default_value},
                 {"range", entry.range},
                 {"variable", entry.variable},
                 {"flag", entry.flag}};
    if (!entry.choices.empty()) json["choices"] = entry.choices;
    return json;
}

void write_json(Context& context, const Json& json) {
    context.options.output == OutputFormat::json ? write_document(context.out(), json)
                                                 : write_line(context.out(), json);
}

/// Whether `key` is the entry's, or that of its group.
bool is_named(const ConfigEntry& entry, const std::string& key) {
    return entry.key == key || entry.key.starts_with(key + ".");
}

/// Those of the keys, all without any.
std::vector<ConfigEntry> chosen(const std::vector<ConfigEntry>& entries,
                                const std::vector<std::string>& keys) {
    for (const auto& key : keys) {
        if (std::any_of(entries.begin(), entries.end(), [&](const auto& e) { return is_named(e, key); }))
            continue;
        std::vector<std::string> known;
        known.reserve(entries.size());
        for (const auto& entry : entries) known.push_back(entry.key);
        throw Error(ErrorCode::invalid_argument,
                    "there is no setting " + findme::quoted(key) + did_you_mean(key, known), key);
    }
    if (keys.empty()) return entries;
    std::vector<ConfigEntry> some;
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(some), [&](const auto& entry) {
        return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return is_named(entry, key); });
    });
    return some;
}

ExitCode run_show(Context& context, bool with_origin, const std::vector<std::string>& keys) {
    const auto entries = chosen(context.config().entries, keys);
    if (context.is_text()) {
        std::vector<std::vector<std::string>> rows{{"KEY", "VALUE", "UNIT"}};
        if (with_origin) rows[0].emplace_back("ORIGIN");
        for (const auto& entry : entries) {
            rows.push_back({entry.key, entry.value.empty() ? "-" : shown(entry.value), entry.unit});
            if (!with_origin) continue;
            const std::string source = entry.source.empty() ? "" : " (" + shown(entry.source) + ")";
            rows.back().push_back(std::string(to_string(entry.origin)) + source);
        }
        write_table(context.out(), rows);
        return ExitCode::done;
    }
    Json json = {{"type", "config"}, {"v", 1}, {"settings", Json::array()}};
    for (const auto& entry : entries) json["settings"].push_back(to_json(entry));
    write_json(context, json);
    return ExitCode::done;
}

std::int64_t given_count(const ConfigReport& report) {
    const auto& entries = report.loaded.entries;
    return std::count_if(entries.begin(), entries.end(),
                         [](const auto& entry) { return entry.origin != ConfigOrigin::built_in; });
}

void print_check_text(Context& context, const ConfigReport& report) {
    for (const auto& problem : report.problems) context.out() << one_line(problem.message) << '\n';
    for (const auto& warning : report.warnings) context.out() << "warning: " << one_line(warning) << '\n';
    const auto problem_count = static_cast<std::int64_t>(report.problems.size());
    context.out() << counted(given_count(report), "setting") << ", "
                  << (problem_count == 0 ? "no problem" : counted(problem_count, "problem"));
    if (!report.warnings.empty())
        context.out() << ", " << counted(static_cast<std::int64_t>(report.warnings.size()), "warning");
    context.out() << '\n';
}

Json check_json(const ConfigReport& report) {
    Json json = {{"type", "config_check"},        {"v", 1},
                 {"ok", report.problems.empty()}, {"settings", given_count(report)},
                 {"files", Json::array()},        {"problems", Json::array()},
                 {"warnings", report.warnings}};
    for (const auto& file : report.files) {
        json["files"].push_back({{"path", path_json(file.path)},
                                 {"origin", to_string(file.origin)},
                                 {"settings", file.setting_count}});
    }
    for (const auto& problem : report.problems)
        json["problems"].push_back({{"where", problem.subject}, {"message", problem.message}});
    return json;
}

/// @param file  empty: everything that is in force.
ExitCode run_check(Context& context, const std::string& file) {
    const auto report = file.empty() ? context.config_report() : check_config({.file = file});
    context.is_text() ? print_check_text(context, report) : write_json(context, check_json(report));
    return report.problems.empty() ? ExitCode::done : ExitCode::usage;
}

}  // namespace

void setup_config(CLI::App& app, Action& action) {
    auto* config =
        app.add_subcommand("config", "Look at the settings in force, and check them")->require_subcommand(1);
    struct ShowOptions {
        bool with_origin = false;
        std::vector<std::string> keys;
    };
    auto options = std::make_shared<ShowOptions>();
    auto* show = config->add_subcommand("show", "Show every setting, or some");
    show->add_option("key", options->keys, "Settings, or groups of them as in image")->type_name("KEY");
    show->add_flag("--origin", options->with_origin, "Also say where each value comes from");
    show->callback([&action, options] {
        action = [options](Context& context) {
            return run_show(context, options->with_origin, options->keys);
        };
    });

    auto file = std::make_shared<std::string>();
    auto* check = config->add_subcommand("check", "Say everything that is wrong with the settings");
    check->add_option("file", *file, "Check this file alone")->type_name("FILE");
    check->callback(
        [&action, file] { action = [file](Context& context) { return run_check(context, *file); }; });

    auto* blank = config->add_subcommand("template", "Print a file with every setting, commented out");
    blank->callback([&action] {
        action = [](Context& context) {
            context.out() << config_template();
            return ExitCode::done;
        };
    });
}

}  // namespace findme::cli
