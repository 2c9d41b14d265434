#include <memory>

#include "cmd/commands.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

ExitCode run_show(Context& context, bool with_origin) {
    const auto& entries = context.config().entries;
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
    for (const auto& entry : entries) {
        json["settings"].push_back({{"key", entry.key},
                                    {"value", entry.value},
                                    {"unit", entry.unit},
                                    {"origin", to_string(entry.origin)},
                                    {"source", entry.source},
                                    {"help", entry.help}});
    }
    context.options.output == OutputFormat::json ? write_document(context.out(), json)
                                                 : write_line(context.out(), json);
    return ExitCode::done;
}

}  // namespace

void setup_config(CLI::App& app, Action& action) {
    auto* config = app.add_subcommand("config", "Look at the settings in force")->require_subcommand(1);
    auto with_origin = std::make_shared<bool>(false);
    auto* show = config->add_subcommand("show", "Show every setting");
    show->add_flag("--origin", *with_origin, "Also say where each value comes from");
    show->callback([&action, with_origin] {
        action = [with_origin](Context& context) { return run_show(context, *with_origin); };
    });
}

}  // namespace findme::cli
