// What goes through the log can be read back from it, and nothing else can.
#include "log_writer.hpp"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace findme;
using cli::LogStyle;
using cli::LogWriter;

namespace {

std::string written(const LogStyle& style, LogLevel level, std::string_view event,
                    const std::vector<LogField>& fields) {
    std::ostringstream out;
    LogWriter(out, style).write(level, event, fields);
    return out.str();
}

LogStyle style_of(LogFormat format) {
    return {.level = LogLevel::debug, .format = format, .run = "0123456789abcdef"};
}

/// Each tries to be more than the value of one field.
const std::vector<std::string>& hostile_values() {
    static const std::vector<std::string> values{"a b",
                                                 "a=b",
                                                 "",
                                                 "x\" level=error y=\"",
                                                 "x\n<3>forged",
                                                 "x\rforged",
                                                 "\x1b[2J\x07",
                                                 "\xff\xfe",
                                                 "\xc2\x85next",
                                                 "\"}\n{\"type\":\"error\"",
                                                 "back\\slash",
                                                 "it's",
                                                 std::string("nul\0nul", 7),
                                                 "{}",
                                                 "%v %l",
                                                 "\xe2\x80\xa8line"};
    return values;
}

}  // namespace

TEST_CASE("log: no value ends its line or its field, in whatever form", "[cli]") {
    for (const auto format : {LogFormat::text, LogFormat::journal}) {
        for (const auto& value : hostile_values()) {
            const std::string line =
                written(style_of(format), LogLevel::warning, "event", {{"key", value}, {"last", "1"}});
            INFO(line);
            CHECK(line.find('\n') == line.size() - 1);
            for (const char c : line.substr(0, line.size() - 1)) CHECK((c < 0 || c >= ' '));
            const auto begin = line.find(" key=\"");
            if (begin == std::string::npos) {
                // Unquoted stands only what cannot end the field.
                CHECK(line.find(" key=" + value + " last=1 run=0123456789abcdef\n") != std::string::npos);
                CHECK(!value.empty());
                CHECK(value.find_first_of(" \"'\\=\n\r\t") == std::string::npos);
                continue;
            }
            const auto end = line.rfind("\" last=1 run=0123456789abcdef\n");
            REQUIRE(end != std::string::npos);
            // Between the quotes none is left that could close them.
            const std::string inner = line.substr(begin + 6, end - begin - 6);
            for (std::size_t i = 0; i < inner.size(); ++i) {
                if (inner[i] == '\\') {
                    ++i;
                } else {
                    CHECK(inner[i] != '"');
                }
            }
        }
    }
}

TEST_CASE("log: plain values stand as they are", "[cli]") {
    const std::string line =
        written(style_of(LogFormat::text), LogLevel::info, "login_refused", {{"subject", "user:12"}});
    CHECK(line.substr(line.find('Z')) == "Z info login_refused subject=user:12 run=0123456789abcdef\n");
    CHECK(written(style_of(LogFormat::journal), LogLevel::warning, "low", {{"left", "3"}}) ==
          "<4>low left=3 run=0123456789abcdef\n");
}

TEST_CASE("log: JSON gives every value back, one object a line", "[cli]") {
    for (const auto& value : hostile_values()) {
        const std::string line =
            written(style_of(LogFormat::json), LogLevel::error, "event", {{"key", value}});
        INFO(line);
        CHECK(line.find('\n') == line.size() - 1);
        const auto json = nlohmann::json::parse(line);
        CHECK(json.at("type") == "log");
        CHECK(json.at("v") == 1);
        CHECK(json.at("level") == "error");
        CHECK(json.at("event") == "event");
        CHECK(json.at("run") == "0123456789abcdef");
        if (value != "\xff\xfe") CHECK(json.at("key") == value);
    }
}

TEST_CASE("log: events and keys are words whatever they are made of", "[cli]") {
    const std::string line =
        written(style_of(LogFormat::text), LogLevel::info, "two words\n", {{"a b", "1"}});
    CHECK(line.substr(line.find("info ")) == "info two_words_ a_b=1 run=0123456789abcdef\n");
}

TEST_CASE("log: what weighs less than the level is not written", "[cli]") {
    const std::array levels{LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error};
    for (const auto wanted : levels) {
        LogStyle style = style_of(LogFormat::text);
        style.level = wanted;
        for (const auto level : levels) {
            const bool is_written = !written(style, level, "event", {}).empty();
            CHECK(is_written == (level >= wanted));
        }
    }
    CHECK(written(style_of(LogFormat::journal), LogLevel::debug, "e", {}).starts_with("<7>"));
    CHECK(written(style_of(LogFormat::journal), LogLevel::info, "e", {}).starts_with("<6>"));
    CHECK(written(style_of(LogFormat::journal), LogLevel::error, "e", {}).starts_with("<3>"));
}

TEST_CASE("log: lines of several threads are whole", "[cli]") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::ostringstream unused;
    LogStyle style = style_of(LogFormat::text);
    style.descriptor = ends[1];
    LogWriter log(unused, style);
    constexpr int kThreads = 4;
    constexpr int kLines = 100;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            const std::vector<LogField> fields{{"key", std::string(50, 'x')}};
            for (int n = 0; n < kLines; ++n) log.write(LogLevel::info, "event", fields);
        });
    }
    std::string all;
    std::thread reader([&] {
        std::array<char, 4096> part{};
        for (ssize_t got = 0; (got = ::read(ends[0], part.data(), part.size())) > 0;)
            all.append(part.data(), static_cast<std::size_t>(got));
    });
    for (auto& thread : threads) thread.join();
    ::close(ends[1]);
    reader.join();
    ::close(ends[0]);
    std::istringstream lines(all);
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count)
        CHECK(line.ends_with(" info event key=" + std::string(50, 'x') + " run=0123456789abcdef"));
    CHECK(count == kThreads * kLines);
    CHECK(unused.str().empty());
}

TEST_CASE("log: run ids differ", "[cli]") {
    const std::string first = cli::new_run_id();
    CHECK(first.size() == 16);
    CHECK(first.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(first != cli::new_run_id());
}
