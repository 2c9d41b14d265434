#pragma once

#include <string>

namespace findme::access {

/// Eight characters from the system's random generator, of an alphabet without look-alikes (no 0 O, 1 I L, 2
/// Z, 5 S, 8 B, U V): about 36 bits.
[[nodiscard]] std::string generate_event_code();

}  // namespace findme::access
