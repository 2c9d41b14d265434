#include "db/postgresql_password_file.hpp"

#include <glob.h>
#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace findme::db {
namespace {

struct FreeOptions {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

std::string value_of(const Options& options, std::string_view key) {
    for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
        if (option->keyword == key && option->val != nullptr) return option->val;
    }
    return {};
}

/// What the user's shell would make of it, as libpq does.
std::string in_home(const char* path) {
    glob_t found{};
    std::string expanded;
    if (::glob(path, GLOB_TILDE | GLOB_NOCHECK, nullptr, &found) == 0 && found.gl_pathc > 0)
        expanded = found.gl_pathv[0];
    ::globfree(&found);
    return expanded;
}

}  // namespace

std::string postgresql_password_file(const std::string& url) {
    const Options given(PQconninfoParse(url.c_str(), nullptr));
    if (!given) return {};
    const Options fallback(PQconndefaults());
    if (!value_of(given, "password").empty() || !value_of(fallback, "password").empty()) return {};
    for (const Options* options : {&given, &fallback}) {
        if (std::string path = value_of(*options, "passfile"); !path.empty()) return path;
    }
    return in_home("~/.pgpass");
}

}  // namespace findme::db
