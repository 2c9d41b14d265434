#pragma once

#include <sys/resource.h>

#include <chrono>

namespace findme::testing {

/// What this process and the ended ones that it began have computed so far, without what they waited for:
/// other work on the machine does not show in it.
[[nodiscard]] inline std::chrono::microseconds processor_time() {
    std::chrono::microseconds sum{0};
    for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        ::getrusage(who, &usage);
        for (const auto& part : {usage.ru_utime, usage.ru_stime})
            sum += std::chrono::seconds{part.tv_sec} + std::chrono::microseconds{part.tv_usec};
    }
    return sum;
}

}  // namespace findme::testing
