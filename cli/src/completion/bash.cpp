#include "completion/completion.hpp"

namespace findme::cli {
namespace {

constexpr auto kHead = "# bash completion for findme; `findme completion bash` writes it.\n\n";

std::string text_of(const Values& values) {
    switch (values.kind) {
        case Values::Kind::words:
            return "words:" + joined(values.words);
        case Values::Kind::files:
            return "files";
        case Values::Kind::folders:
            return "folders";
        case Values::Kind::settings:
            return "settings";
        case Values::Kind::none:
        case Values::Kind::any:
            return "any";
    }
    return "any";
}

void begin(std::ostream& out, const char* name) {
    out << name << "() {\n    case $1 in\n";
}

void write_case(std::ostream& out, const std::string& pattern, const std::string& text) {
    if (!text.empty()) out << "        " << pattern << ") echo " << shell_quoted(text) << " ;;\n";
}

void end(std::ostream& out) {
    out << "        *) return 1 ;;\n    esac\n}\n\n";
}

void write_flags(std::ostream& out, const std::vector<const CompletedCommand*>& commands) {
    begin(out, "_findme_flags");
    for (const auto* command : commands) {
        std::vector<std::string> names;
        for (const auto& flag : command->flags)
            names.insert(names.end(), flag.names.begin(), flag.names.end());
        write_case(out, shell_quoted(command->path), joined(names));
    }
    end(out);
    begin(out, "_findme_value");
    for (const auto* command : commands) {
        for (const auto& flag : command->flags) {
            if (flag.value_name.empty()) continue;
            std::string pattern;
            for (const auto& name : flag.names)
                pattern += (pattern.empty() ? "" : " | ") + shell_quoted(command->path + " " + name);
            write_case(out, pattern, text_of(flag.values));
        }
    }
    end(out);
}

void write_settings(std::ostream& out, const Schema& schema) {
    std::vector<std::string> keys;
    for (const auto& entry : schema) keys.push_back(entry.key + "=");
    out << "_findme_settings() {\n    echo " << shell_quoted(joined(keys)) << "\n}\n\n";
    begin(out, "_findme_setting_values");
    for (const auto& entry : schema)
        write_case(out, entry.key, entry.type == ConfigType::path ? "<path>" : joined(values_of(entry)));
    end(out);
}

}  // namespace

void write_bash(std::ostream& out, const CompletedCommand& tool, const Schema& schema) {
    const auto commands = all_commands(tool);
    out << kHead;
    begin(out, "_findme_commands");
    for (const auto* command : commands) {
        std::vector<std::string> names;
        for (const auto& inner : command->commands) names.push_back(inner.name);
        write_case(out, shell_quoted(command->path), joined(names));
    }
    end(out);
    write_flags(out, commands);
    begin(out, "_findme_arguments");
    for (const auto* command : commands) {
        if (command->arguments.kind != Values::Kind::none)
            write_case(out, shell_quoted(command->path), text_of(command->arguments));
    }
    end(out);
    write_settings(out, schema);
    out << bash_functions();
}

}  // namespace findme::cli
