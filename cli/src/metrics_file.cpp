#include "metrics_file.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace findme::cli {
namespace {

constexpr std::string_view kLastRun = "findme_last_run_timestamp_seconds";
constexpr std::string_view kLastSuccess = "findme_last_success_timestamp_seconds";

struct Help {
    std::string_view name;
    std::string_view text;
};

/// Of what commands count.
constexpr Help kCountHelp[] = {
    {"photos_indexed", "Photos that the last run indexed."},
    {"photos_failed", "Photos that the last run could not index."},
    {"faces_found", "Faces on the photos that the last run indexed."},
    {"events_purged", "Events whose faces the last run erased."},
    {"tokens_pruned", "Old tokens that the last run removed."},
    {"accounts_imported", "Accounts that the last run made."},
};

std::string_view help_of(std::string_view name) {
    for (const auto& help : kCountHelp) {
        if (help.name == name) return help.text;
    }
    return "Counted by the last run.";
}

std::string label_of(const std::string& command) {
    return "{command=\"" + command + "\"} ";
}

std::string number(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.3f", value);
    return text;
}

/// 0 where no run of the command has succeeded yet, so that an alarm for old successes rings.
double last_success_in(const std::string& path, const std::string& command) {
    const std::string begin = std::string(kLastSuccess) + label_of(command);
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(begin)) return std::strtod(line.c_str() + begin.size(), nullptr);
    }
    return 0;
}

std::string metric(std::string_view name, std::string_view help, const std::string& command,
                   const std::string& value) {
    const std::string title(name);
    return "# HELP " + title + " " + std::string(help) + "\n# TYPE " + title + " gauge\n" + title +
           label_of(command) + value + "\n";
}

}  // namespace

MetricsFile::MetricsFile(const std::string& path)
    : file_({.path = path,
             .what = "metrics file",
             .if_exists = IfExists::replace_own,
             .own_beginning = "# HELP " + std::string(kLastRun) + " ",
             .readable_by_all = true}) {}

void MetricsFile::write(const RunRecord& record) const {
    const auto& command = record.command;
    const bool succeeded = record.exit_code == 0 && !record.dry_run;
    const double success = succeeded ? record.ended_s : last_success_in(file_.path(), command);
    std::string text =
        metric(kLastRun, "When the last run ended, in seconds since 1970.", command, number(record.ended_s));
    text += metric(kLastSuccess, "When a run, not a dry one, last ended with exit code 0; 0: not yet.",
                   command, number(success));
    text += metric("findme_last_run_duration_seconds", "How long the last run took.", command,
                   number(record.took_s));
    text += metric("findme_last_exit_code", "Exit code of the last run, as in findme(1).", command,
                   std::to_string(record.exit_code));
    for (const auto& [name, count] : record.counts)
        text += metric("findme_last_" + name, help_of(name), command, std::to_string(count));
    file_.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace findme::cli
