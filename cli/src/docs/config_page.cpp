#include <sstream>

#include "docs/config_documents.hpp"
#include "findme/config.hpp"

namespace findme::cli {
namespace {

constexpr auto kHead = R"(.Dd November 23, 2026
.Dt FINDME.YAML 5
.Os findme
.Sh NAME
.Nm findme.yaml
.Nd settings of findme
.Sh SYNOPSIS
.Bl -item -compact
.It
.Pa /etc/findme/findme.yaml
.It
.Pa $XDG_CONFIG_HOME/findme/findme.yaml
.It
.Pa ~/.config/findme/findme.yaml
.It
.Nm findme Fl -config Ar FILE
.El
.Sh DESCRIPTION
A YAML mapping of keys to values.
Keys may be grouped, as in the example below, or written with the dot:
.Cm image.max_side_px: 12000 .
Nothing else of YAML is used: no lists, no anchors, no tags, one document.
.Pp
A flag beats an environment variable, which beats the file of
.Fl -config
or, without that flag, of
.Ev FINDME_CONFIG ,
which beats the user's file, which beats the system's file, which beats the default.
A flag of a command's own, as
.Fl -database ,
beats the same setting given by
.Fl -set .
The system's file is
.Pa /etc/findme/findme.yaml
unless findme was built for another folder;
.Ev FINDME_SYSTEM_CONFIG
names another one.
The system's and the user's file need not be there.
The file of
.Fl -config
may be a FIFO or a descriptor, as a shell's
.Cm <(...)
makes one.
.Pp
An unknown key, a value out of range, or a key or group given twice stops findme with exit code 2.
All that is wrong is told at once, each with file and line;
.Cm findme config check
looks for it beforehand, and
.Cm findme config template
prints a file to begin with.
A file that holds a password and can be read by others is refused.
.Bl -tag -width Ds
)";

constexpr auto kTail = R"(.El
.Sh EXAMPLES
.Bd -literal -offset indent
database: sqlite:/srv/findme/findme.db
image:
  max_side_px: 12000
index:
  jobs: 4
.Ed
.Pp
One setting for one run:
.Dl findme --set index.memory_mib=2048 index photos
.Sh SEE ALSO
.Xr findme 1 ,
.Xr findme-config 1
)";

std::string in_words(const std::string& unit) {
    if (unit == "s") return "Seconds";
    if (unit == "ms") return "Milliseconds";
    if (unit == "px") return "Pixels";
    if (unit == "%") return "Per cent";
    std::string words = unit;
    const char first = words.front();
    if (first >= 'a' && first <= 'z') words.front() = static_cast<char>(first - 'a' + 'A');
    return words;
}

/// What stood between back quotes, on a line with its macro: a page, a file or something to type.
void write_quoted(std::ostream& out, const std::string& text, const std::string& stop) {
    const auto section = text.find('(');
    if (section != std::string::npos && text.ends_with(')')) {
        out << ".Xr " << text.substr(0, section) << ' ' << text.substr(section + 1, 1);
    } else {
        const bool is_path = text.starts_with('~') || text.starts_with('/') || text.starts_with("$XDG_");
        out << (is_path ? ".Pa " : ".Cm ") << text;
    }
    out << (stop.empty() ? "" : " ") << stop << '\n';
}

/// A line for each sentence and for each thing between back quotes.
void write_text(std::ostream& out, const std::string& text) {
    std::istringstream parts(text);
    bool is_quoted = false;
    std::string part;
    while (std::getline(parts, part, '`')) {
        if (is_quoted) {
            // Punctuation stays with what it follows.
            const auto stop = parts.peek() == std::char_traits<char>::eof() ? 0 : parts.peek();
            const bool has_stop = stop == '.' || stop == ',' || stop == ';';
            if (has_stop) parts.get();
            write_quoted(out, part, has_stop ? std::string(1, static_cast<char>(stop)) : "");
        } else {
            part.erase(0, part.find_first_not_of(' '));
            for (auto end = part.find(". "); end != std::string::npos; end = part.find(". ")) {
                out << part.substr(0, end + 1) << '\n';
                part.erase(0, end + 2);
            }
            while (part.ends_with(' ')) part.pop_back();
            if (!part.empty()) out << part << '\n';
        }
        is_quoted = !is_quoted;
    }
}

/// `Photos, 0 to 1024, default 0.`
std::string bounds_of(const ConfigEntry& entry) {
    std::string text = entry.unit.empty() ? "" : in_words(entry.unit);
    if (entry.type == ConfigType::choice) text = "One of " + entry.range;
    if (entry.type == ConfigType::toggle) text = "Switch, " + entry.range;
    if (text.empty() || !entry.unit.empty()) text += (text.empty() ? "" : ", ") + entry.range;
    if (!entry.default_value.empty()) text += ", default " + entry.default_value;
    return text.empty() || text.ends_with("...") ? text : text + ".";
}

void write_entry(std::ostream& out, const ConfigEntry& entry) {
    out << ".It Cm " << entry.key << '\n';
    const std::string bounds = bounds_of(entry);
    if (!bounds.empty()) out << bounds << '\n';
    out << entry.help << ".\n";
    write_text(out, entry.details);
    if (!entry.flag.empty()) {
        const auto flag = entry.flag.find("--");
        out << "Flag:\n.Fl " << entry.flag.substr(flag + 1);
        if (flag > 0) out << "\nof\n.Xr findme-" << entry.flag.substr(0, flag - 1) << " 1";
        out << " .\n";
    }
    out << "Variable:\n.Ev " << entry.variable << " .\n";
}

}  // namespace

std::string config_page() {
    std::ostringstream out;
    out << kHead;
    for (const auto& entry : config_schema()) write_entry(out, entry);
    out << kTail;
    return out.str();
}

}  // namespace findme::cli
