#include "output/progress.hpp"

#include <cstdio>

namespace findme::cli {
namespace {

std::string duration(double seconds) {
    constexpr double kMinute = 60;
    constexpr double kHour = 3600;
    char text[48];
    if (seconds < kMinute) {
        std::snprintf(text, sizeof text, "%.0f s", seconds);
    } else if (seconds < kHour) {
        std::snprintf(text, sizeof text, "%.0f min", seconds / kMinute);
    } else {
        std::snprintf(text, sizeof text, "%.1f h", seconds / kHour);
    }
    return text;
}

}  // namespace

void ProgressLine::show(const IndexProgress& progress) {
    if (!visible_ || progress.done == 0) return;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    const double rate = seconds > 0 ? static_cast<double>(progress.done) / seconds : 0;
    std::string line = std::to_string(progress.done);
    if (progress.total > 0) line += " of " + std::to_string(progress.total);
    char speed[48];
    std::snprintf(speed, sizeof speed, " files, %.1f a second", rate);
    line += speed;
    line += ", " + std::to_string(progress.faces) + " faces";
    if (progress.failed > 0) line += ", " + std::to_string(progress.failed) + " failed";
    if (progress.elsewhere > 0) line += ", " + std::to_string(progress.elsewhere) + " at work elsewhere";
    if (progress.total > progress.done && rate > 0) {
        line += ", " + duration(static_cast<double>(progress.total - progress.done) / rate) + " left";
    }
    show(line);
}

void ProgressLine::show(const std::string& line) {
    if (!visible_) return;
    err_ << "\r\x1b[K" << line << std::flush;
    drawn_ = true;
}

void ProgressLine::clear() {
    if (drawn_) err_ << "\r\x1b[K" << std::flush;
    drawn_ = false;
}

}  // namespace findme::cli
