#include "cmd/commands.hpp"
#include "output/json.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

void print_checks(Context& context, const std::vector<ModelCheck>& checks) {
    if (context.options.output == OutputFormat::jsonl) {
        for (const auto& check : checks) write_line(context.out(), to_json(check));
    } else if (context.options.output == OutputFormat::json) {
        Json json = {{"type", "model_list"}, {"v", 1}, {"models", Json::array()}};
        for (const auto& check : checks) json["models"].push_back(to_json(check));
        write_document(context.out(), json);
    } else {
        std::vector<std::vector<std::string>> rows{{"MODEL", "JOB", "STATE", "LICENCE", "FILE"}};
        for (const auto& check : checks) {
            rows.push_back({check.model.id, check.model.job, std::string(to_string(check.state)),
                            check.model.licence, shown(check.path)});
        }
        write_table(context.out(), rows);
    }
}

ExitCode run_list(Context& context) {
    print_checks(context, check_models(context.config().config, context.data_dir()));
    return ExitCode::done;
}

ExitCode run_verify(Context& context) {
    const auto checks = check_models(context.config().config, context.data_dir());
    print_checks(context, checks);
    ExitCode exit = ExitCode::done;
    for (const auto& check : checks) {
        if (check.state == ModelState::good) continue;
        const bool altered = check.state == ModelState::altered;
        context.complain({altered ? ErrorCode::model_corrupt : ErrorCode::model_missing,
                          "the model file " + shown(check.path) + " is " +
                              std::string(to_string(check.state)) + ": " + check.remedy,
                          check.path});
        if (exit != ExitCode::corrupt) exit = altered ? ExitCode::corrupt : ExitCode::usage;
    }
    return exit;
}

}  // namespace

void setup_model(CLI::App& app, Action& action) {
    auto* model = app.add_subcommand("model", "Look after the model files")->require_subcommand(1);
    model->add_subcommand("list", "List the models of this release and their state")->callback([&action] {
        action = run_list;
    });
    model->add_subcommand("verify", "Check that every model is there and unaltered")->callback([&action] {
        action = run_verify;
    });
}

}  // namespace findme::cli
