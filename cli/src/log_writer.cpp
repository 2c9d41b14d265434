#include "log_writer.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>

#include "findme/text.hpp"

namespace findme::cli {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

/// Past the stream: that belongs to the threads at work, and a line that goes out in one write is not torn by
/// theirs.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    LineSink(std::ostream& out, int descriptor) : out_(out), descriptor_(descriptor) {}

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        base_sink::formatter_->format(message, line);
        if (descriptor_ < 0) {
            out_.write(line.data(), static_cast<std::streamsize>(line.size()));
            return;
        }
        for (std::size_t done = 0; done < line.size();) {
            const ssize_t put = ::write(descriptor_, line.data() + done, line.size() - done);
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return;  // Nowhere is left to complain.
            done += static_cast<std::size_t>(put);
        }
    }
    void flush_() override {
        if (descriptor_ < 0) out_.flush();
    }

  private:
    std::ostream& out_;
    int descriptor_;
};

/// `<4>`: what systemd's journal takes off a line as its priority.
class Priority final : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
                spdlog::memory_buf_t& line) override {
        const std::string_view priority = message.level >= spdlog::level::err    ? "<3>"
                                          : message.level == spdlog::level::warn ? "<4>"
                                          : message.level == spdlog::level::info ? "<6>"
                                                                                 : "<7>";
        line.append(priority.data(), priority.data() + priority.size());
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<Priority>();
    }
};

std::unique_ptr<spdlog::formatter> formatter_of(const LogStyle& style) {
    constexpr const char* kTime = "%Y-%m-%dT%H:%M:%S.%eZ";
    std::string pattern = std::string(kTime) + " %l %v";
    if (style.format == LogFormat::json)
        pattern = std::string(R"({"type":"log","v":1,"time":")") + kTime + R"(","level":"%l",%v})";
    if (style.format == LogFormat::journal) pattern = "%*%v";
    if (style.clears_line && style.format == LogFormat::text) pattern.insert(0, "\r\x1b[K");
    auto formatter =
        std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, std::string("\n"));
    formatter->add_flag<Priority>('*').set_pattern(pattern);
    return formatter;
}

/// Our own words, kept to what a key may be.
std::string word(std::string_view text) {
    std::string safe(text);
    std::replace_if(
        safe.begin(), safe.end(),
        [](char c) {
            return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_';
        },
        '_');
    return safe;
}

/// As it is where nothing in it could be taken for the end of the value, else quoted and escaped.
std::string shown_value(const std::string& value) {
    const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
        return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '=' && c != '\'';
    });
    return plain ? value : findme::quoted(value);
}

}  // namespace

LogWriter::LogWriter(std::ostream& out, LogStyle style)
    : style_(std::move(style)),
      logger_(
          std::make_unique<spdlog::logger>("findme", std::make_shared<LineSink>(out, style_.descriptor))) {
    logger_->set_formatter(formatter_of(style_));
    logger_->set_level(spdlog_level(style_.level));
    // spdlog's own complaint would be a line of another form.
    logger_->set_error_handler([](const std::string&) {});
}

LogWriter::~LogWriter() = default;

void LogWriter::write(LogLevel level, std::string_view event, std::span<const LogField> fields) {
    if (!logger_->should_log(spdlog_level(level))) return;
    const std::string line =
        style_.format == LogFormat::json ? json_payload(event, fields) : text_payload(event, fields);
    logger_->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

std::string LogWriter::text_payload(std::string_view event, std::span<const LogField> fields) const {
    std::string line = word(event);
    for (const auto& field : fields) line += " " + word(field.key) + "=" + shown_value(field.value);
    return line + " run=" + style_.run;
}

/// The members that follow time and level.
std::string LogWriter::json_payload(std::string_view event, std::span<const LogField> fields) const {
    nlohmann::ordered_json members{{"event", word(event)}, {"run", style_.run}};
    for (const auto& field : fields) members[word(field.key)] = field.value;
    const std::string object = members.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
    return object.substr(1, object.size() - 2);
}

std::string new_run_id() {
    std::random_device random;
    char text[17];
    std::snprintf(text, sizeof text, "%08x%08x", random(), random());
    return text;
}

LogFormat log_format_of(LogFormat format, std::string_view journal_stream, int descriptor) {
    if (format != LogFormat::automatic) return format;
    struct stat behind {};
    if (journal_stream.empty() || descriptor < 0 || ::fstat(descriptor, &behind) != 0) return LogFormat::text;
    const std::string here = std::to_string(behind.st_dev) + ":" + std::to_string(behind.st_ino);
    return journal_stream == here ? LogFormat::journal : LogFormat::text;
}

}  // namespace findme::cli
