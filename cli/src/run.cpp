#include "run.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "write_now.hpp"

namespace findme::cli {
namespace {

/// As a shell shows a death by a signal.
constexpr int kSignalBase = 128;

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double seconds_since_1970() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string three_digits(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.3f", value);
    return text;
}

}  // namespace

Run::Run(Context& context, CommandLine command) : context_(context), command_(std::move(command)) {
    if (!context_.options.metrics_file.empty()) metrics_.emplace(context_.options.metrics_file);
    // Before the configuration is read, which may be a pipe that nobody writes to.
    if (context_.options.timeout_s > 0)
        limit_.emplace(
            std::chrono::seconds{context_.options.timeout_s}, [this] { return ask_to_stop(); },
            [this] { end_now(); });
    const LogField fields[] = {
        {"command", command_.name}, {"version", std::string(version())}, {"pid", std::to_string(getpid())}};
    context_.log().write(LogLevel::info, "run_started", fields);
}

ErrorInfo Run::judged(const ErrorInfo& error) const {
    const bool is_timeout = error.code == ErrorCode::cancelled && limit_ && limit_->has_passed();
    return is_timeout && context_.signal() == 0 ? timed_out(": " + error.message) : error;
}

ExitCode Run::finish(ExitCode exit) {
    const bool late = limit_ && limit_->has_passed();
    limit_.reset();
    const int signal = context_.signal();
    if (exit == ExitCode::interrupted && late && signal == 0) {
        const ErrorInfo error = timed_out(": the same command goes on where it stopped");
        context_.complain(error);
        exit = exit_code_of(error.code);
    }
    // Also when all was done in time: a shell's loop around us is to stop.
    const bool written = write_down(signal == 0 ? static_cast<int>(exit) : kSignalBase + signal);
    if (signal != 0) {
        context_.out().flush();
        die_by(signal);
    }
    return !written && exit == ExitCode::done ? ExitCode::failed : exit;
}

bool Run::ask_to_stop() {
    const bool heard = context_.ask_to_stop();
    if (heard && !context_.options.quiet)
        write_err("findme: " + std::to_string(context_.options.timeout_s) +
                  " s are over (--timeout): stopping after what is at work\n");
    return heard;
}

void Run::end_now() {
    if (!context_.terminal().owns_signals) return;
    const ErrorInfo error = timed_out(": ended in the middle, what was committed stays");
    const int exit = static_cast<int>(exit_code_of(error.code));
    // Nothing is logged, flushed or taken down: the command's threads are still using it.
    write_metrics(exit);
    write_now(context_.terminal().err_descriptor, context_.complaint(error));
    _exit(exit);
}

ErrorInfo Run::timed_out(const std::string& detail) const {
    return {ErrorCode::timed_out,
            "not done within " + std::to_string(context_.options.timeout_s) + " s (--timeout)" + detail,
            {},
            Retry::later};
}

bool Run::write_down(int exit_code) {
    const LogField fields[] = {{"command", command_.name},
                               {"exit", std::to_string(exit_code)},
                               {"seconds", three_digits(seconds_since(begin_))}};
    context_.log().write(LogLevel::info, "run_finished", fields);
    return write_metrics(exit_code);
}

bool Run::write_metrics(int exit_code) {
    if (!metrics_) return true;
    try {
        metrics_->write({command_.name, seconds_since_1970(), seconds_since(begin_), exit_code,
                         context_.counts(), command_.dry_run});
        return true;
    } catch (const Error& error) {
        write_err(context_.complaint(error.info()));
        return false;
    }
}

/// Past the stream where that may be in use by another thread.
void Run::write_err(const std::string& text) {
    const int descriptor = context_.terminal().err_descriptor;
    if (descriptor < 0) {
        context_.err() << text << std::flush;
        return;
    }
    write_now(descriptor, text);
}

void write_down_refusal(const std::string& metrics_file, const std::string& command) {
    if (metrics_file.empty()) return;
    MetricsFile(metrics_file)
        .write({.command = command,
                .ended_s = seconds_since_1970(),
                .exit_code = static_cast<int>(ExitCode::usage)});
}

}  // namespace findme::cli
