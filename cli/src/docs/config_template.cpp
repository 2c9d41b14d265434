#include <algorithm>
#include <sstream>

#include "docs/config_documents.hpp"
#include "findme/config.hpp"

namespace findme::cli {
namespace {

constexpr std::size_t kColumns = 118;

constexpr auto kIntroduction = R"(# Every setting of findme with its default. Uncomment what you change.
#
# findme reads the system's file, /etc/findme/findme.yaml unless it was built for another folder or FINDME_SYSTEM_CONFIG names
# another file, then the user's, $XDG_CONFIG_HOME/findme/findme.yaml (~/.config/findme/findme.yaml), each when it is there, and
# then the file that --config or the variable FINDME_CONFIG names. A flag beats an environment variable, which
# beats the named file, which beats the user's file, which beats the system's file, which beats the default.
# `findme config show --origin` says what is in force and where it comes from, `findme config check` what is wrong with it.
# An unknown key or a value out of range stops findme with exit code 2; every such place is named with file and line.
# Each setting has an environment variable: FINDME_ and the key in capitals, the dot as an underscore
# (image.max_side_px: FINDME_IMAGE_MAX_SIDE_PX). The one exception is the database's: FINDME_DATABASE_URL. And each can be
# given for one run: --set image.max_side_px=12000.
)";

/// Text as comment lines, none longer than it should be.
void write_comment(std::ostream& out, const std::string& indent, const std::string& text) {
    std::istringstream words(text);
    std::string line = indent + "#";
    for (std::string word; words >> word;) {
        if (line.size() + 1 + word.size() > kColumns) {
            out << line << '\n';
            line = indent + "#";
        }
        line += " " + word;
    }
    out << line << '\n';
}

std::string explained(const ConfigEntry& entry) {
    std::string bounds = entry.unit;
    if (!entry.range.empty()) bounds += (bounds.empty() ? "" : ", ") + entry.range;
    std::string text = entry.help + (bounds.empty() ? "" : " (" + bounds + ")") + ".";
    if (!entry.details.empty()) text += " " + entry.details;
    std::erase(text, '`');
    return text;
}

}  // namespace

std::string config_template() {
    std::ostringstream out;
    out << kIntroduction;
    const auto groups = config_groups();
    std::string group;
    for (const auto& entry : config_schema()) {
        const auto dot = entry.key.find('.');
        const std::string name = dot == std::string::npos ? std::string() : entry.key.substr(0, dot);
        const std::string indent = name.empty() ? "" : "  ";
        if (name.empty() || name != group) out << '\n';
        if (name != group) {
            group = name;
            const auto found = std::find_if(groups.begin(), groups.end(),
                                            [&](const ConfigGroup& known) { return known.name == group; });
            if (found != groups.end() && !found->help.empty()) write_comment(out, "", found->help);
            out << group << ":\n";
        }
        write_comment(out, indent, explained(entry));
        const std::string value = entry.default_value.empty() ? entry.example : entry.default_value;
        out << indent << '#' << entry.key.substr(dot + 1) << ": " << value << '\n';
    }
    return out.str();
}

}  // namespace findme::cli
