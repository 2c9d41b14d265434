#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace findme::cli {

/// What a run did, as numbers for an operator's charts. Keys are the metrics' names without their prefix.
using RunCounts = std::map<std::string, std::int64_t, std::less<>>;

/// How a run ended.
struct RunRecord {
    std::string command;  ///< As in `event purge`.
    double ended_s = 0;   ///< Seconds since 1970.
    double took_s = 0;
    int exit_code = 0;  ///< 128 and the signal's number for a run that dies by one.
    RunCounts counts = {};
    bool dry_run = false;  ///< It did nothing, and so counts as no success.
};

/// A file for node_exporter's textfile collector about the last run of one command.
class MetricsFile {
  public:
    /// Tries whether files can be made beside `path`, so that work is not begun in vain.
    /// @errors throws Error{file_unwritable}.
    explicit MetricsFile(std::string path);

    /// Old file or new file, never half, and readable by others: the exporter is another user. When the run
    /// failed, or was a dry one, the time of the last success is the one in the file that was there.
    /// @errors throws Error{file_unwritable}.
    void write(const RunRecord& record) const;

  private:
    std::string path_;
};

}  // namespace findme::cli
