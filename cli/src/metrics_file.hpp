#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "findme/output_file.hpp"

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

/// A file for node_exporter's textfile collector about the last run of one command. It is written again after
/// every run, so it takes the place of its like, which it knows by the first line, and of nothing else.
class MetricsFile {
  public:
    /// Judges what is at `path`, and tries whether files can be made there, so that work is not begun in
    /// vain.
    /// @errors throws Error{already_exists} for a file that findme did not write, Error{file_unwritable}.
    explicit MetricsFile(const std::string& path);

    /// Old file or new file, never half, and readable by others: the exporter is another user. When the run
    /// failed, or was a dry one, the time of the last success is the one in the file that was there.
    /// @errors as the constructor.
    void write(const RunRecord& record) const;

  private:
    OutputFile file_;
};

}  // namespace findme::cli
