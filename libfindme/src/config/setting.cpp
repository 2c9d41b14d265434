#include <arpa/inet.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <concepts>
#include <cstdio>
#include <type_traits>

#include "config/settings.hpp"

namespace findme::config {
namespace {

constexpr std::array kLogLevels{LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error};
constexpr std::array kLogFormats{LogFormat::automatic, LogFormat::text, LogFormat::json, LogFormat::journal};
constexpr std::array kModelPrecisions{ModelPrecision::automatic, ModelPrecision::f32, ModelPrecision::bf16};

constexpr const auto& values_of(LogLevel) {
    return kLogLevels;
}
constexpr const auto& values_of(LogFormat) {
    return kLogFormats;
}
constexpr const auto& values_of(ModelPrecision) {
    return kModelPrecisions;
}

template <typename Value>
concept Choice = std::is_enum_v<Value>;
template <typename Value>
concept Number = (std::integral<Value> || std::floating_point<Value>)&&!std::same_as<Value, bool>;

/// Calls `act` with the field of this configuration.
template <typename SomeConfig, typename Act>
auto on_field(const Field& field, SomeConfig& config, const Act& act) {
    return std::visit(
        [&](auto member) {
            if constexpr (requires { config.*member; }) {
                return act(config.*member);
            } else {
                return act(config.image.*member);
            }
        },
        field);
}

std::string print_number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.10g", value);
    return text;
}

/// `a, b or c`.
std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port <= 65'535;
}

bool is_ip(int family, const std::string& host) {
    std::array<char, sizeof(in6_addr)> binary{};
    return inet_pton(family, host.c_str(), binary.data()) == 1;
}

/// What serve-health will take: names are not looked up.
bool is_address(std::string_view text) {
    constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;
    constexpr std::string_view kSocket = "unix:";
    if (text.starts_with(kSocket))
        return text.size() > kSocket.size() && text.size() <= kSocket.size() + kMaxSocketPath;
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return false;
    const std::string host(text.substr(0, colon));
    if (host.starts_with('[') && host.ends_with(']')) return is_ip(AF_INET6, host.substr(1, host.size() - 2));
    return host == "localhost" || is_ip(AF_INET, host);
}

bool is_database_url(std::string_view text) {
    return text.empty() || text.starts_with("sqlite:") || text.starts_with("postgresql://") ||
           text.starts_with("postgres://");
}

/// A shell's sign for the home folder, which nobody but a shell knows.
bool begins_at_home(std::string_view text) {
    return text.starts_with('~') || text.starts_with("sqlite:~");
}

bool fits(ConfigType type, std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return false;
    if ((type == ConfigType::url || type == ConfigType::path) && begins_at_home(text)) return false;
    if (type == ConfigType::url) return is_database_url(text);
    return type != ConfigType::address || is_address(text);
}

bool store(const Setting& setting, std::string& field, std::string_view text) {
    if (!fits(setting.text_type, text)) return false;
    field = text;
    return true;
}

bool store(const Setting&, bool& field, std::string_view text) {
    if (text != "true" && text != "false") return false;
    field = text == "true";
    return true;
}

template <Number Value>
bool store(const Setting& setting, Value& field, std::string_view text) {
    Value value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    // Written so that a NaN is in no range.
    const auto wide = static_cast<double>(value);
    if (!(wide >= setting.range.least && wide <= setting.range.most)) return false;
    field = value;
    return true;
}

template <Choice Value>
bool store(const Setting&, Value& field, std::string_view text) {
    for (const Value value : values_of(field)) {
        if (to_string(value) != text) continue;
        field = value;
        return true;
    }
    return false;
}

std::string wanted(const Setting& setting) {
    switch (setting.type()) {
        case ConfigType::whole_number:
            return "a whole number from " + setting.range_text();
        case ConfigType::number:
            return "a number from " + setting.range_text();
        case ConfigType::text:
            return "text without NUL bytes";
        case ConfigType::path:
            return "a path without NUL bytes, written out where it would begin with ~";
        case ConfigType::url:
            return setting.range_text() + ", with a path that does not begin with ~";
        default:
            return setting.range_text();
    }
}

}  // namespace

std::string Setting::set(Config& config, std::string_view text) const {
    const bool stored = on_field(field, config, [&](auto& member) { return store(*this, member, text); });
    return stored ? std::string() : wanted(*this);
}

std::string Setting::get(const Config& config) const {
    return on_field(field, config, [](const auto& member) -> std::string {
        using Value = std::remove_cvref_t<decltype(member)>;
        if constexpr (std::same_as<Value, std::string>) return member;
        if constexpr (std::same_as<Value, bool>) return member ? "true" : "false";
        if constexpr (Choice<Value>) return std::string(to_string(member));
        if constexpr (std::floating_point<Value>) return print_number(member);
        if constexpr (std::integral<Value> && !std::same_as<Value, bool>) return std::to_string(member);
    });
}

ConfigType Setting::type() const {
    const Config config;
    return on_field(field, config, [this](const auto& member) {
        using Value = std::remove_cvref_t<decltype(member)>;
        if constexpr (std::same_as<Value, std::string>) return text_type;
        if constexpr (std::same_as<Value, bool>) return ConfigType::toggle;
        if constexpr (Choice<Value>) return ConfigType::choice;
        if constexpr (std::floating_point<Value>) return ConfigType::number;
        return ConfigType::whole_number;
    });
}

std::vector<std::string> Setting::choices() const {
    const Config config;
    return on_field(field, config, [](const auto& member) -> std::vector<std::string> {
        using Value = std::remove_cvref_t<decltype(member)>;
        std::vector<std::string> names;
        if constexpr (std::same_as<Value, bool>) names = {"true", "false"};
        if constexpr (Choice<Value>) {
            for (const Value value : values_of(member)) names.emplace_back(to_string(value));
        }
        return names;
    });
}

std::string Setting::range_text() const {
    switch (type()) {
        case ConfigType::whole_number:
        case ConfigType::number:
            return print_number(range.least) + " to " + print_number(range.most);
        case ConfigType::toggle:
        case ConfigType::choice:
            return joined(choices());
        case ConfigType::address:
            return "HOST:PORT, [HOST]:PORT or unix:PATH";
        case ConfigType::url:
            return "sqlite:PATH or postgresql://...";
        case ConfigType::text:
        case ConfigType::path:
            return {};
    }
    return {};
}

}  // namespace findme::config
