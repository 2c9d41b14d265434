#include <algorithm>

#include "completion/completion.hpp"

namespace findme::cli {
namespace {

constexpr auto kSettings = R"(
# KEY=, or the values of KEY behind its "=".
_findme_setting() {
    local key
    if compset -P 1 '*='; then
        key=${IPREFIX%=}
        _findme_setting_value ${key##*=}
    else
        _findme_settings
    fi
}

)";

/// Help between the brackets of an _arguments specification.
std::string bracketed(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') safe += '\\';
        safe += c;
    }
    return safe;
}

std::string function_of(const CompletedCommand& command) {
    std::string name = "_findme" + std::string(command.path.empty() ? "" : "_") + command.path;
    std::replace(name.begin(), name.end(), ' ', '_');
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

/// What completes a value; a blank is an action that offers nothing.
std::string action_of(const Values& values) {
    switch (values.kind) {
        case Values::Kind::words:
            return "(" + joined(values.words) + ")";
        case Values::Kind::files:
            return "_files";
        case Values::Kind::folders:
            return "_files -/";
        case Values::Kind::settings:
            return "_findme_setting";
        case Values::Kind::none:
        case Values::Kind::any:
            return " ";
    }
    return " ";
}

/// One specification a name, which shuts the others out unless the flag may come again.
void write_flag(std::ostream& out, const CompletedFlag& flag) {
    for (const auto& name : flag.names) {
        std::string spec = flag.repeats ? "*" : "(" + joined(flag.names) + ")";
        spec += name;
        if (!flag.value_name.empty()) spec += name.starts_with("--") ? "=" : "+";
        spec += "[" + bracketed(flag.help) + "]";
        if (!flag.value_name.empty()) spec += ":" + flag.value_name + ":" + action_of(flag.values);
        out << "        " << shell_quoted(spec) << '\n';
    }
}

void write_dispatch(std::ostream& out, const CompletedCommand& command) {
    out << "    _arguments -C -s -S $flags '1: :->command' '*:: :->argument' && return\n"
        << "    case $state in\n        command)\n            commands=(\n";
    for (const auto& inner : command.commands) {
        std::string help = inner.help;
        std::replace(help.begin(), help.end(), ':', ';');
        out << "                " << shell_quoted(inner.name + ":" + help) << '\n';
    }
    out << "            )\n            _describe -t commands command commands\n            ;;\n"
        << "        argument)\n            case $words[1] in\n";
    for (const auto& inner : command.commands)
        out << "                " << inner.name << ") " << function_of(inner) << " ;;\n";
    out << "            esac\n            ;;\n    esac\n}\n\n";
}

/// A function for the command and one for each below; `flags` comes from the command around it.
void write_command(std::ostream& out, const CompletedCommand& command) {
    out << function_of(command) << "() {\n";
    if (command.path.empty())
        out << "    local -a flags commands\n    local curcontext=$curcontext state line\n";
    out << "    flags=(" << (command.path.empty() ? "" : "${flags:#\\(-h --help\\)*}") << "\n";
    for (const auto& flag : command.flags) write_flag(out, flag);
    out << "    )\n";
    if (!command.commands.empty()) {
        write_dispatch(out, command);
    } else {
        out << "    _arguments -s -S $flags";
        if (command.arguments.kind != Values::Kind::none)
            out << " " << shell_quoted("*:argument:" + action_of(command.arguments));
        out << "\n}\n\n";
    }
    for (const auto& inner : command.commands) write_command(out, inner);
}

void write_settings(std::ostream& out, const Schema& schema) {
    out << "_findme_settings() {\n    local -a settings=(\n";
    for (const auto& entry : schema) {
        std::string help = entry.help;
        std::replace(help.begin(), help.end(), ':', ';');
        out << "        " << shell_quoted(entry.key + ":" + help) << '\n';
    }
    out << "    )\n    _describe -t settings setting settings -S =\n}\n\n_findme_setting_value() {\n"
        << "    case $1 in\n";
    for (const auto& entry : schema) {
        out << "        " << entry.key << ") ";
        if (entry.type == ConfigType::path) {
            out << "_files";
        } else if (entry.key == "database") {
            out << "compadd -S '' -- " << joined(values_of(entry));
        } else {
            out << "compadd --";
            for (const auto& value : values_of(entry)) out << ' ' << shell_quoted(value);
        }
        out << " ;;\n";
    }
    out << "    esac\n}\n";
}

}  // namespace

void write_zsh(std::ostream& out, const CompletedCommand& tool, const Schema& schema) {
    out << "#compdef findme\n# zsh completion for findme; `findme completion zsh` writes it.\n\n";
    write_command(out, tool);
    write_settings(out, schema);
    out << kSettings
        << "# The file's own body is the function when compinit loads it, and only defines it when it is "
           "sourced.\n"
        << "if [[ $funcstack[1] == _findme ]]; then\n    _findme \"$@\"\nelse\n    compdef _findme "
           "findme\nfi\n";
}

}  // namespace findme::cli
