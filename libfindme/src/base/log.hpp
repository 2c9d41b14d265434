#pragma once

#include "findme/log.hpp"

namespace findme::base {

/// Calls the sink when there is one.
inline void log(const LogSink& sink, const LogRecord& record) {
    if (sink) sink(record);
}

}  // namespace findme::base
