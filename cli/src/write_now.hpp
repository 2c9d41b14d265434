#pragma once

#include <string_view>

namespace findme::cli {

/// Writes a few words past the stream, which belongs to the threads at work, or not at all where that would
/// wait: whoever is to end a run cannot wait for a reader that has stopped reading.
void write_now(int descriptor, std::string_view text);

}  // namespace findme::cli
