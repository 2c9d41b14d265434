#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "findme/export.hpp"

namespace findme {

enum class LogLevel { debug, info, warning, error };

/// One log event: a fixed message and key=value fields. Never holds a token, password, template or the
/// credentials of a URL.
struct LogRecord {
    LogLevel level = LogLevel::info;
    std::string_view message;
    std::initializer_list<std::pair<std::string_view, std::string>> fields;
};

/// Where the library's log goes. Called from any thread, possibly at the same time. An empty function is
/// silence.
using LogSink = std::function<void(const LogRecord&)>;

}  // namespace findme
