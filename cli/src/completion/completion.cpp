#include "completion/completion.hpp"

namespace findme::cli {

std::string shell_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) c == '\'' ? quoted += "'\\''" : quoted += c;
    return quoted + "'";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

std::vector<const CompletedCommand*> all_commands(const CompletedCommand& tool) {
    std::vector<const CompletedCommand*> all{&tool};
    for (const auto& command : tool.commands) {
        const auto inner = all_commands(command);
        all.insert(all.end(), inner.begin(), inner.end());
    }
    return all;
}

std::vector<std::string> values_of(const ConfigEntry& entry) {
    if (!entry.choices.empty()) return entry.choices;
    if (entry.key == "database") return {"sqlite:", "postgresql://"};
    return entry.default_value.empty() ? std::vector<std::string>{} : std::vector{entry.default_value};
}

}  // namespace findme::cli
