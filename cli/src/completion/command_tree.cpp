#include "completion/command_tree.hpp"

#include <algorithm>
#include <sstream>

#include "findme/config.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

using Kind = Values::Kind;

const std::vector<ConfigEntry>& schema() {
    static const std::vector<ConfigEntry> kSchema = config_schema();
    return kSchema;
}

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
    return parts;
}

/// The words that a check of a choice has for its name: CLI11 keeps them nowhere else.
std::vector<std::string> words_of_check(CLI::Option& option) {
    try {
        const std::string name = option.get_validator(0)->get_name();
        if (name.find(',') != std::string::npos) return split(name, ',');
    } catch (const CLI::OptionNotFound&) {  // It has no check.
    }
    return {};
}

/// @param flag  its longest name after its command, as in `index --jobs`.
std::vector<std::string> words_of_setting(const std::string& flag) {
    for (const auto& entry : schema()) {
        if (!entry.flag.empty() && entry.flag == flag) return entry.choices;
    }
    return {};
}

std::vector<std::string> setting_names() {
    std::vector<std::string> names;
    for (const auto& group : config_groups()) names.push_back(group.name);
    for (const auto& entry : schema()) names.push_back(entry.key);
    return names;
}

Values values_of(CLI::Option& option, const std::string& flag) {
    if (auto words = words_of_check(option); !words.empty()) return {Kind::words, std::move(words)};
    if (auto words = words_of_setting(flag); !words.empty()) return {Kind::words, std::move(words)};
    const std::string type = split(option.get_type_name() + ":", ':').front();
    for (const char* name : {"FILE", "PATH", "SELFIE", "CSV", "PHOTO"}) {
        if (type == name) return {Kind::files, {}};
    }
    if (type == "DIR") return {Kind::folders, {}};
    if (type == "KEY") return {Kind::words, setting_names()};
    return {type == "KEY=VALUE" ? Kind::settings : Kind::any, {}};
}

CompletedFlag flag_of(CLI::Option& option, const std::string& path) {
    CompletedFlag flag;
    for (const auto& name : option.get_snames()) flag.names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) flag.names.push_back("--" + name);
    flag.help = option.get_description();
    if (option.get_items_expected_max() == 0) return flag;
    // What follows a colon is a check's.
    flag.value_name = split(option.get_type_name() + ":", ':').front();
    flag.values = values_of(option, path + (path.empty() ? "" : " ") + flag.names.back());
    flag.repeats = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
    return flag;
}

CompletedCommand command_of(CLI::App& app, const std::string& path) {
    CompletedCommand command;
    command.name = app.get_name();
    command.path = path;
    command.help = app.get_description();
    for (auto* option : app.get_options([](CLI::Option*) { return true; })) {
        if (!option->get_positional()) {
            command.flags.push_back(flag_of(*option, path));
        } else if (command.arguments.kind == Kind::none || command.arguments.kind == Kind::any) {
            command.arguments = values_of(*option, "");
        }
    }
    for (auto* inner : app.get_subcommands([](CLI::App*) { return true; })) {
        command.commands.push_back(command_of(*inner, path + (path.empty() ? "" : " ") + inner->get_name()));
    }
    return command;
}

/// What `help` takes: the names of commands, and nothing of theirs.
std::vector<CompletedCommand> names_of(const std::vector<CompletedCommand>& commands,
                                       const std::string& path) {
    std::vector<CompletedCommand> names;
    for (const auto& command : commands) {
        CompletedCommand name;
        name.name = command.name;
        name.path = path + " " + command.name;
        name.help = command.help;
        name.commands = names_of(command.commands, name.path);
        names.push_back(std::move(name));
    }
    return names;
}

CLI::App* command_named(CLI::App& app, const std::string& name) {
    const auto found = app.get_subcommands([&](CLI::App* command) { return command->get_name() == name; });
    return found.empty() ? nullptr : found.front();
}

}  // namespace

CompletedCommand command_tree(CLI::App& app) {
    CompletedCommand tool = command_of(app, "");
    for (auto& command : tool.commands) {
        if (command.name == "help") command.commands = names_of(tool.commands, command.path);
    }
    return tool;
}

void bind_settings(CLI::App& app) {
    for (const auto& entry : schema()) {
        const auto words = split(entry.flag, ' ');
        if (words.empty()) continue;
        auto* command = words.size() == 1 ? &app : command_named(app, words.front());
        auto* option = command == nullptr ? nullptr : command->get_option_no_throw(words.back());
        if (option == nullptr) continue;
        const bool is_number = entry.type == ConfigType::whole_number || entry.type == ConfigType::number;
        option->description(option->get_description() + " (setting " + entry.key +
                            (is_number ? ", " + entry.range : "") +
                            (entry.default_value.empty() ? "" : ", default " + entry.default_value) + ")");
        if (entry.type == ConfigType::whole_number)
            option->check(
                whole_number(static_cast<std::int64_t>(entry.least), static_cast<std::int64_t>(entry.most)));
        if (entry.type == ConfigType::number) option->check(number(entry.least, entry.most));
    }
}

}  // namespace findme::cli
