#include "cmd/wait_option.hpp"

#include <charconv>

namespace findme::cli {
namespace {

/// What CLI11 gives for a flag without a value.
constexpr const char* kForEver = "true";
constexpr std::int64_t kMostSeconds = 31'536'000;

std::chrono::seconds seconds_of(const WaitOption& wait) {
    if (wait.value.empty()) return std::chrono::seconds{0};
    if (wait.value == kForEver) return kWaitForEver;
    std::int64_t seconds = 0;
    const char* end = wait.value.data() + wait.value.size();
    const auto [stopped, error] = std::from_chars(wait.value.data(), end, seconds);
    if (error != std::errc() || stopped != end || seconds < 0 || seconds > kMostSeconds)
        throw Error(ErrorCode::invalid_argument,
                    "--wait=" + findme::quoted(wait.value) +
                        " is no time: give whole seconds, or --wait alone to wait for ever");
    return std::chrono::seconds{seconds};
}

}  // namespace

void add_wait_option(CLI::App& command, WaitOption& wait) {
    command.add_flag("--wait", wait.value,
                     "When another run is at it, wait until it is done; --wait=SECONDS: at most so long");
}

RunLock lock_run(Context& context, const WaitOption& wait, const std::string& name,
                 const std::string& activity, const std::stop_token& stop, RunLockKind kind) {
    return context.findme().lock_run({name, activity, seconds_of(wait), stop, kind});
}

}  // namespace findme::cli
