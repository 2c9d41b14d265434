#pragma once

#include "support/confine/unit_file.hpp"

namespace findme::confine {

/// What a call meets that SystemCallFilter= does not let through.
enum class Refusal {
    as_the_unit_says,  ///< SystemCallErrorNumber=
    end_the_process,  ///< SIGSYS: no refusal goes unnoticed, but for what every caller is known to do without
};

/// From here on this process and what it executes live under the same seccomp filters as systemd 252 would
/// make of the unit, and without new privileges if it says so. Groups such as @system-service are systemd's
/// own (systemd-analyze(1)). Throws std::runtime_error for a setting that it cannot follow.
void restrict_system_calls(const UnitFile& unit, Refusal refusal);

}  // namespace findme::confine
