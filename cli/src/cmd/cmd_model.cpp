#include <memory>

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
        std::vector<std::vector<std::string>> rows{{"MODEL", "JOB", "STATE", "IN USE", "LICENCE", "FILE"}};
        for (const auto& check : checks) {
            rows.push_back({check.model.id, check.model.job, std::string(to_string(check.state)),
                            check.in_use ? "yes" : "no",
                            check.model.licence.empty() ? "-" : check.model.licence, shown(check.path)});
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
        if (is_fine(check)) continue;
        const bool altered = check.state == ModelState::altered;
        context.complain({altered ? ErrorCode::model_corrupt : ErrorCode::model_missing,
                          "the model file " + shown(check.path) + " is " +
                              std::string(to_string(check.state)) + ": " + check.remedy,
                          check.path});
        if (exit != ExitCode::corrupt) exit = altered ? ExitCode::corrupt : ExitCode::usage;
    }
    return exit;
}

ExitCode run_add(Context& context, const std::string& file) {
    const ModelCheck added = add_model(context.config().config, context.data_dir(), file, context.services());
    if (context.options.output == OutputFormat::jsonl) {
        write_line(context.out(), to_json(added));
    } else if (context.options.output == OutputFormat::json) {
        write_document(context.out(), to_json(added));
    } else {
        context.out() << "added " << added.model.id << ", " << added.model.job;
        if (!added.model.kind.empty()) context.out() << " of the kind " << added.model.kind;
        context.out() << ": " << shown(added.path) << '\n';
    }
    const bool is_own = !added.model.package.empty();
    if (is_own) return ExitCode::done;
    if (!added.in_use) {
        context.say("the setting models.detector chooses another detector: this one is not in use");
        return ExitCode::done;
    }
    context.say(
        "it finds the faces from now on, and its faces are not compared with another detector's: run `findme "
        "index --reindex` on the photos of your events, and ask guests for new selfies; `findme model "
        "remove " +
        added.model.id + "` goes back");
    return ExitCode::done;
}

ExitCode run_remove(Context& context, const std::string& id) {
    const ModelFile removed =
        remove_model(context.config().config, context.data_dir(), id, context.services());
    if (context.is_text()) {
        context.out() << "removed " << removed.id << '\n';
    } else {
        write_line(context.out(),
                   {{"type", "model_remove"}, {"v", 1}, {"id", removed.id}, {"sha256", removed.sha256}});
    }
    return ExitCode::done;
}

}  // namespace

void setup_model(CLI::App& app, Action& action) {
    auto* model = app.add_subcommand("model", "Look after the model files")->require_subcommand(1);
    model->add_subcommand("list", "List the models of this release and their state")->callback([&action] {
        action = run_list;
    });
    model->add_subcommand("verify", "Check that every model in use is there, and none altered")
        ->callback([&action] { action = run_verify; });
    auto argument = std::make_shared<std::string>();
    auto* add =
        model->add_subcommand("add", "Use a detector of your own, or bring a model file of the release");
    add->add_option("file", *argument, "An ONNX file: YuNet in the layout of 2023, or RFB-320")
        ->required()
        ->type_name("FILE");
    add->callback([&action, argument] {
        action = [argument](Context& context) { return run_add(context, *argument); };
    });
    auto* remove = model->add_subcommand("remove", "Take out a detector that was added");
    remove->add_option("id", *argument, "Its id, or at least 8 digits of its SHA-256")
        ->required()
        ->type_name("ID");
    remove->callback([&action, argument] {
        action = [argument](Context& context) { return run_remove(context, *argument); };
    });
}

}  // namespace findme::cli
