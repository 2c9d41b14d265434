#include "completion/completion.hpp"

namespace findme::cli {
namespace {

/// Between single quotes, as fish takes it.
std::string fish_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "'";
}

/// ` -n '...'` for what holds in a command, and in those below it.
std::string within(const CompletedCommand& command) {
    return command.path.empty() ? std::string() : " -n " + fish_quoted("__findme_within " + command.path);
}

std::string at(const CompletedCommand& command) {
    return " -n " + fish_quoted("__findme_at " + (command.path.empty() ? "''" : command.path));
}

std::string text_of(const Values& values) {
    switch (values.kind) {
        case Values::Kind::words:
            return " -x -a " + fish_quoted(joined(values.words));
        case Values::Kind::files:
            return " -r -F";
        case Values::Kind::folders:
            return " -x -a '(__fish_complete_directories)'";
        case Values::Kind::settings:
            return " -x -a '(__findme_set)'";
        case Values::Kind::none:
        case Values::Kind::any:
            return " -x";
    }
    return " -x";
}

void write_flag(std::ostream& out, const CompletedCommand& command, const CompletedFlag& flag) {
    out << "complete -c findme" << within(command);
    for (const auto& name : flag.names)
        out << (name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1));
    out << " -d " << fish_quoted(flag.help);
    if (!flag.value_name.empty()) out << text_of(flag.values);
    out << '\n';
}

void write_arguments(std::ostream& out, const CompletedCommand& command) {
    const auto& values = command.arguments;
    if (values.kind == Values::Kind::none || values.kind == Values::Kind::any) return;
    const bool files = values.kind == Values::Kind::files;
    out << "complete -c findme" << at(command) << (files ? " -F" : text_of(values)) << '\n';
}

void write_settings(std::ostream& out, const Schema& schema) {
    out << "function __findme_settings\n    printf '%s=\\t%s\\n'";
    for (const auto& entry : schema) out << " \\\n        " << entry.key << ' ' << fish_quoted(entry.help);
    out << "\nend\n\nfunction __findme_setting_values\n    switch $argv[1]\n";
    for (const auto& entry : schema) {
        out << "        case " << entry.key << '\n';
        if (entry.type == ConfigType::path) {
            out << "            __fish_complete_path (string split -m 1 = -- (commandline -ct))[-1]\n";
        } else {
            out << "            printf '%s\\n'";
            for (const auto& value : values_of(entry)) out << ' ' << fish_quoted(value);
            out << '\n';
        }
    }
    out << "    end\nend\n\n";
}

}  // namespace

void write_fish(std::ostream& out, const CompletedCommand& tool, const Schema& schema) {
    const auto commands = all_commands(tool);
    out << "# fish completion for findme; `findme completion fish` writes it.\n\nset -g __findme_commands";
    for (const auto* command : commands) {
        if (!command->path.empty()) out << " \\\n    " << fish_quoted(" " + command->path);
    }
    out << "\nset -g __findme_value_flags";
    for (const auto* command : commands) {
        for (const auto& flag : command->flags) {
            if (!flag.value_name.empty()) out << ' ' << joined(flag.names);
        }
    }
    out << "\n\n" << fish_functions() << '\n';
    write_settings(out, schema);
    out << "complete -c findme -f\n";
    for (const auto* command : commands) {
        for (const auto& inner : command->commands) {
            out << "complete -c findme" << at(*command) << " -a " << inner.name << " -d "
                << fish_quoted(inner.help) << '\n';
        }
        for (const auto& flag : command->flags) write_flag(out, *command, flag);
        write_arguments(out, *command);
    }
}

}  // namespace findme::cli
