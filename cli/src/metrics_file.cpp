#include "metrics_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "findme/error.hpp"
#include "findme/text.hpp"

namespace findme::cli {
namespace {

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

[[noreturn]] void fail(const std::string& path, const std::string& why) {
    throw Error(ErrorCode::file_unwritable,
                "cannot write the metrics file " + findme::quoted(path) + ": " + why +
                    " (name a file in a folder that is there and writable)",
                path);
}

[[noreturn]] void fail(const std::string& path, int error) {
    fail(path, std::generic_category().message(error));
}

/// A file beside the one meant; it goes again unless it took its place.
class Temporary {
  public:
    explicit Temporary(const std::string& path) : path_(path), name_(path + ".XXXXXX") {
        descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
        if (descriptor_ < 0) fail(path_, errno);
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() {
        if (descriptor_ >= 0) ::close(descriptor_);
        if (!name_.empty()) ::unlink(name_.c_str());
    }

    void put(std::string_view text) const {
        constexpr mode_t kForAllToRead = 0644;
        for (std::size_t done = 0; done < text.size();) {
            const ssize_t written = ::write(descriptor_, text.data() + done, text.size() - done);
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(path_, errno);
            done += static_cast<std::size_t>(written);
        }
        if (::fchmod(descriptor_, kForAllToRead) != 0) fail(path_, errno);
        if (::fsync(descriptor_) != 0) fail(path_, errno);
    }

    void take_place() {
        if (::rename(name_.c_str(), path_.c_str()) != 0) fail(path_, errno);
        name_.clear();
    }

  private:
    std::string path_;
    std::string name_;
    int descriptor_ = -1;
};

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

MetricsFile::MetricsFile(std::string path) : path_(std::move(path)) {
    struct stat there {};
    if (::stat(path_.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
        fail(path_, "what is there is no regular file");
    const Temporary probe(path_);
}

void MetricsFile::write(const RunRecord& record) const {
    const auto& command = record.command;
    const bool succeeded = record.exit_code == 0 && !record.dry_run;
    const double success = succeeded ? record.ended_s : last_success_in(path_, command);
    std::string text =
        metric("findme_last_run_timestamp_seconds", "When the last run ended, in seconds since 1970.",
               command, number(record.ended_s));
    text += metric(kLastSuccess, "When a run, not a dry one, last ended with exit code 0; 0: not yet.",
                   command, number(success));
    text += metric("findme_last_run_duration_seconds", "How long the last run took.", command,
                   number(record.took_s));
    text += metric("findme_last_exit_code", "Exit code of the last run, as in findme(1).", command,
                   std::to_string(record.exit_code));
    for (const auto& [name, count] : record.counts)
        text += metric("findme_last_" + name, help_of(name), command, std::to_string(count));
    Temporary file(path_);
    file.put(text);
    file.take_place();
    // Whether the rename survives a power failure matters little: the next run writes it again.
}

}  // namespace findme::cli
