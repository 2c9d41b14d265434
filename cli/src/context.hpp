#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app.hpp"
#include "findme/findme.hpp"

namespace findme::cli {

enum class OutputFormat { text, json, jsonl };

/// Options that stand before or after any command.
struct GlobalOptions {
    std::string database;
    std::string config_file;
    OutputFormat output = OutputFormat::text;
    bool quiet = false;
    bool verbose = false;
    bool no_progress = false;
};

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
    [[nodiscard]] bool is_text() const { return options.output == OutputFormat::text; }

    /// @errors throws Error{config_invalid}.
    [[nodiscard]] const LoadedConfig& config();
    /// Empty when the configuration says where everything is.
    /// @errors throws Error{config_invalid} when it is needed and the environment does not tell.
    [[nodiscard]] std::string data_dir();
    /// @errors throws Error{config_invalid, store_*, schema_*}.
    [[nodiscard]] Findme& findme();
    /// Flags of the command that override settings, by key; set before config() is first called.
    ConfigOverrides overrides;

    [[nodiscard]] bool shows_progress() const;

    /// A message for people, on the error stream: `findme: ...`. Silent with --quiet unless it is an error.
    void say(const std::string& message);
    void complain(const ErrorInfo& error);

  private:
    class VerboseLog final : public Log {
      public:
        explicit VerboseLog(Context& context) : context_(context) {}
        void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override;

      private:
        Context& context_;
        std::mutex mutex_;
    };

    void warn_of_password();

    const Environment& environment_;
    Terminal terminal_;
    VerboseLog log_{*this};
    std::optional<LoadedConfig> config_;
    std::unique_ptr<Findme> findme_;
};

}  // namespace findme::cli
