#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "app.hpp"
#include "cancel.hpp"
#include "findme/findme.hpp"
#include "log_writer.hpp"
#include "metrics_file.hpp"

namespace findme::cli {

enum class OutputFormat { text, json, jsonl };

/// Options that stand before or after any command.
struct GlobalOptions {
    std::string database;
    std::string config_file;
    std::vector<std::string> settings;  ///< Each a `KEY=VALUE`.
    OutputFormat output = OutputFormat::text;
    bool quiet = false;
    int verbose = 0;  ///< How often it was said.
    bool no_progress = false;
    std::string metrics_file;
    int timeout_s = 0;  ///< 0: none.
};

enum class StopIs { interruption, end };

/// What a command runs with: the streams, the global options, and the library opened at first need.
class Context {
  public:
    Context(const Environment& environment, Terminal terminal)
        : environment_(environment), terminal_(terminal) {}

    GlobalOptions options;

    [[nodiscard]] std::ostream& out() { return terminal_.out; }
    [[nodiscard]] std::ostream& err() { return terminal_.err; }
    [[nodiscard]] std::istream& in() { return terminal_.in; }
    [[nodiscard]] const Terminal& terminal() const { return terminal_; }
    [[nodiscard]] const Environment& environment() const { return environment_; }
    [[nodiscard]] bool is_text() const { return options.output == OutputFormat::text; }

    /// @errors throws Error{config_invalid}, Error{invalid_argument} for what --set says.
    [[nodiscard]] const LoadedConfig& config();
    /// The same, with what is wrong with it; read once in a run.
    /// @errors throws Error{invalid_argument}.
    [[nodiscard]] const ConfigReport& config_report();
    /// Empty when the configuration says where everything is.
    /// @errors throws Error{config_invalid} when it is needed and the environment does not tell.
    [[nodiscard]] std::string data_dir();
    /// @errors throws Error{config_invalid, store_*, schema_*}.
    [[nodiscard]] Findme& findme();
    /// What the library is to log to, what to do without a database, and who is at work.
    [[nodiscard]] Services services();
    /// For the audit.
    [[nodiscard]] static std::string actor();
    /// For a command that something may begin with: an embedded database that is not there is made for it.
    /// To be called before the first findme().
    void make_missing_database() { missing_database_ = MissingDatabase::make; }
    [[nodiscard]] bool shows_progress() const;

    /// Where the library, and the tool, say what happened: as `log.level` and `log.format` say, and -v and
    /// -q.
    [[nodiscard]] Log& log();

    /// From here on the first signal, or the time limit, asks for a clean stop; the run dies by the signal
    /// when the command is through. Before it signals and the time limit end the process at once.
    /// @param what  follows `findme: ` at the first signal, as in `stopping after the photos at work`.
    /// @param is    whether the run was cut short by it, or has no other end.
    std::stop_token take_stops(const std::string& what, StopIs is = StopIs::interruption);
    /// Asks for that stop. @return false when no command takes it. @threads  any.
    bool ask_to_stop();
    /// Whether ask_to_stop() was heard.
    [[nodiscard]] bool stopped_by_limit() const { return stopped_by_limit_; }
    /// The signal that interrupted the run since take_stops(), or 0.
    [[nodiscard]] int signal() const {
        return signals_ && stop_is_ == StopIs::interruption ? signals_->signal() : 0;
    }

    /// Adds to a number of the metrics file. @threads  any.
    void count(std::string_view name, std::int64_t more);
    [[nodiscard]] RunCounts counts();

    /// A message for people, on the error stream: `findme: ...`. Silent with --quiet unless it is an error.
    void say(const std::string& message);
    void complain(const ErrorInfo& error);
    /// What complain() writes, line end included.
    [[nodiscard]] std::string complaint(const ErrorInfo& error) const;

  private:
    /// @errors throws Error{invalid_argument}.
    [[nodiscard]] ConfigSources config_sources() const;
    void warn_of_password();
    [[nodiscard]] LogStyle log_style();

    const Environment& environment_;
    Terminal terminal_;
    std::unique_ptr<LogWriter> log_;
    std::stop_source stop_;
    std::atomic<bool> takes_stops_{false};
    std::atomic<bool> stopped_by_limit_{false};
    std::optional<SignalGuard> signals_;
    StopIs stop_is_ = StopIs::interruption;
    std::mutex counts_mutex_;
    RunCounts counts_;
    std::optional<ConfigReport> report_;
    bool warned_ = false;
    MissingDatabase missing_database_ = MissingDatabase::refuse;
    std::unique_ptr<Findme> findme_;
};

}  // namespace findme::cli
