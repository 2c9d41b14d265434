#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "context.hpp"
#include "metrics_file.hpp"
#include "time_limit.hpp"

namespace findme::cli {

/// What was asked for.
struct CommandLine {
    std::string name;      ///< As in `event purge`.
    bool dry_run = false;  ///< It is only to say what it would do.
};

/// One command at work, from its begin to its end: what is logged of it, its time limit, its metrics file,
/// and how the process ends.
class Run {
  public:
    /// @errors throws Error{file_unwritable} when the metrics file could not be written in the end.
    Run(Context& context, CommandLine command);

    /// The error as the user should hear of it: a stop that the time limit asked for is a timeout.
    [[nodiscard]] ErrorInfo judged(const ErrorInfo& error) const;
    /// Writes down how it ended. Dies by the signal that stopped the command, if one did.
    /// @return the exit code of the process.
    ExitCode finish(ExitCode exit);

  private:
    [[nodiscard]] bool ask_to_stop();
    /// On the time limit's thread, while the command is still at work.
    void end_now();
    [[nodiscard]] ErrorInfo timed_out(const std::string& detail) const;
    /// @return false when the metrics file could not be written.
    bool write_down(int exit_code);
    bool write_metrics(int exit_code);
    void write_err(const std::string& text);

    Context& context_;
    CommandLine command_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    std::optional<MetricsFile> metrics_;
    std::optional<TimeLimit> limit_;  ///< The last: its thread uses the others.
};

/// Writes down that a command line was refused before there was anything to run.
/// @param metrics_file  as it was given; empty: nowhere.
/// @errors throws Error{file_unwritable}.
void write_down_refusal(const std::string& metrics_file, const std::string& command);

}  // namespace findme::cli
