#pragma once

#include <string>
#include <vector>

#include "support/confine/unit_file.hpp"

namespace findme::confine {

/// What a unit says of file systems and users, as far as it can be had without systemd. Run by root:
/// everything but these folders is for reading (ProtectSystem=strict), /proc shows processes only
/// (ProcSubset=pid, ProtectProc=), and the process is not root in a user namespace of its own
/// (PrivateUsers=). Otherwise it is not root anyway, and the rest is left to systemd. No capability is left
/// in either case.
void restrict_surroundings(const UnitFile& unit, const std::vector<std::string>& writable);

}  // namespace findme::confine
