#include "db/postgresql_url.hpp"

#include <libpq-fe.h>

#include <map>
#include <memory>

#include "findme/error.hpp"

namespace findme::db {
namespace {

using Keywords = std::map<std::string, std::string>;

struct FreeOptions {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

Keywords keywords_of(const Options& options) {
    Keywords keywords;
    for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
        if (option->val != nullptr && *option->val != '\0') keywords[option->keyword] = option->val;
    }
    return keywords;
}

Keywords parse(const std::string& url) {
    char* error = nullptr;
    const Options options(PQconninfoParse(url.c_str(), &error));
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(error, &PQfreemem);
    // Its message repeats parts of the URL, which may be the password.
    if (!options) {
        throw Error(
            ErrorCode::config_invalid,
            "the database URL cannot be read: write postgresql://ROLE@HOST:PORT/DATABASE?parameter=value, "
            "with special characters as %XX",
            "database");
    }
    return keywords_of(options);
}

/// What libpq takes from the environment and its own defaults.
Keywords defaults() {
    return keywords_of(Options(PQconndefaults()));
}

std::string value_of(const Keywords& keywords, const std::string& key) {
    const auto found = keywords.find(key);
    return found == keywords.end() ? std::string() : found->second;
}

std::string quoted_value(const std::string& value) {
    std::string quoted = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "'";
}

/// @param hosts  one or several, with commas between them.
bool are_local_hosts(std::string_view hosts) {
    for (;;) {
        const auto comma = hosts.find(',');
        if (!is_local_host(hosts.substr(0, comma))) return false;
        if (comma == std::string_view::npos) return true;
        hosts.remove_prefix(comma + 1);
    }
}

/// A part of a URL, with what would change its meaning or a terminal's state as %XX.
std::string encoded(std::string_view part) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::string_view kPlain = "-._~/,:";
    std::string text;
    for (const char c : part) {
        const bool is_alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (is_alphanumeric || kPlain.find(c) != std::string_view::npos) {
            text += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            text += {'%', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
        }
    }
    return text;
}

std::string printable_name(const Keywords& given, const Keywords& fallback) {
    const auto value = [&](const char* key) {
        const std::string own = value_of(given, key);
        return own.empty() ? value_of(fallback, key) : own;
    };
    std::string name = "postgresql://";
    if (const auto user = value("user"); !user.empty()) name += encoded(user) + "@";
    const std::string host = value("host").empty() ? value("hostaddr") : value("host");
    const bool is_socket = host.starts_with('/');
    if (!is_socket) name += encoded(host);
    if (const auto port = value("port"); !port.empty() && !is_socket && !host.empty())
        name += ":" + encoded(port);
    const std::string database = value("dbname").empty() ? value("user") : value("dbname");
    name += "/" + encoded(database);
    if (is_socket) name += "?host=" + encoded(host);
    return name;
}

}  // namespace

bool is_local_host(std::string_view host) {
    const bool is_loopback_address =
        host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
    return host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
           host == "::1" || is_loopback_address;
}

PostgresqlUrl read_postgresql_url(const std::string& url, const std::string& application_name) {
    Keywords given = parse(url);
    const Keywords fallback = defaults();
    PostgresqlUrl read;
    read.name = printable_name(given, fallback);
    given.try_emplace("fallback_application_name", application_name);
    // A service file knows better than we what its server needs.
    if (value_of(given, "service").empty() && value_of(fallback, "service").empty()) {
        const auto set_default = [&](const char* key, const char* value) {
            if (value_of(fallback, key).empty()) given.try_emplace(key, value);
        };
        set_default("connect_timeout", "10");
        set_default("keepalives_idle", "30");
        set_default("keepalives_interval", "10");
        set_default("keepalives_count", "3");
        set_default("tcp_user_timeout", "30000");
        const auto is_local = [&](const char* key) {
            const std::string own = value_of(given, key);
            return are_local_hosts(own.empty() ? value_of(fallback, key) : own);
        };
        // "prefer" is libpq's own default, and no verification.
        if (!(is_local("host") && is_local("hostaddr")) && value_of(fallback, "sslmode") == "prefer")
            given.try_emplace("sslmode", "verify-full");
    }
    for (const auto& [key, value] : given) read.conninfo += key + "=" + quoted_value(value) + " ";
    return read;
}

}  // namespace findme::db
