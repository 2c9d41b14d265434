#include "cmd/wait_option.hpp"

#include <charconv>
#include <optional>

#include "value_check.hpp"

namespace findme::cli {
namespace {

/// What CLI11 gives for a flag without a value.
constexpr const char* kForEver = "true";
constexpr std::int64_t kMostSeconds = 31'536'000;

std::optional<std::int64_t> whole_seconds(const std::string& text) {
    std::int64_t seconds = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, seconds);
    const bool good = error == std::errc() && stopped == end && seconds >= 0 && seconds <= kMostSeconds;
    return good ? std::optional(seconds) : std::nullopt;
}

std::chrono::seconds seconds_of(const WaitOption& wait) {
    if (wait.value.empty()) return std::chrono::seconds{0};
    if (wait.value == kForEver) return kWaitForEver;
    return std::chrono::seconds{whole_seconds(wait.value).value()};
}

}  // namespace

void add_wait_option(CLI::App& command, WaitOption& wait) {
    command
        .add_flag("--wait", wait.value,
                  "When another run is at it, wait until it is done; --wait=SECONDS: at most so long")
        ->check(text_that([](const std::string& text) { return text == kForEver || whole_seconds(text); },
                          "a whole number of seconds, or nothing to wait for ever"));
}

RunLock lock_run(Context& context, const WaitOption& wait, const std::string& name,
                 const std::string& activity, const std::stop_token& stop, RunLockKind kind) {
    return context.findme().lock_run({name, activity, seconds_of(wait), stop, kind});
}

}  // namespace findme::cli
