#pragma once

#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "findme/config.hpp"
#include "findme/log.hpp"

namespace spdlog {
class logger;
}

namespace findme::cli {

/// Where log lines go and how they look.
struct LogStyle {
    LogLevel level = LogLevel::warning;  ///< What weighs less is not written.
    LogFormat format = LogFormat::text;  ///< Never `automatic`; see log_format_of.
    std::string run = {};                ///< The run's id, in every line.
    bool clears_line = false;            ///< A progress line may stand where the log line begins.
    int descriptor = -1;                 ///< A line is one write to it; -1: lines go to the stream.
};

/// What is logged, a line an event, on the standard error. No value can forge a line or a field of one.
/// Thread-safe.
class LogWriter final : public Log {
  public:
    /// @param out  for a style without a descriptor; must outlive the writer.
    LogWriter(std::ostream& out, LogStyle style);
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;
    ~LogWriter() override;

    void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override;

  private:
    [[nodiscard]] std::string json_payload(std::string_view event, std::span<const LogField> fields) const;
    [[nodiscard]] std::string text_payload(std::string_view event, std::span<const LogField> fields) const;

    LogStyle style_;
    std::unique_ptr<spdlog::logger> logger_;
};

/// 16 hexadecimal digits that tell this run from any other.
[[nodiscard]] std::string new_run_id();

/// What `automatic` stands for: the journal's form where `journal_stream` (systemd's JOURNAL_STREAM) names
/// the file behind `descriptor`, else text.
[[nodiscard]] LogFormat log_format_of(LogFormat format, std::string_view journal_stream, int descriptor);

}  // namespace findme::cli
