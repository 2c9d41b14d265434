#include <memory>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "db/connection.hpp"
#include "db/postgresql_database.hpp"
#include "db/sqlite_database.hpp"
#include "findme/error.hpp"

namespace findme::db {
namespace {

// The URL may hold a password: no message repeats more of it than its scheme.
[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::config_invalid, why, "database");
}

/// SQLite has URLs of its own, and a blank is easily left behind: either would be a file of that very name.
void refuse_misread(std::string_view path) {
    constexpr std::string_view kBlank = " \t\r\n\v\f";
    const auto is_blank = [&](char c) { return kBlank.find(c) != std::string_view::npos; };
    if (is_blank(path.front()) || is_blank(path.back()))
        refuse("the database URL has a blank before or after the path: write sqlite:PATH without it");
    if (path.find('?') != std::string_view::npos)
        refuse("the database URL takes a path and no parameters: write sqlite:PATH, without a question mark");
    if (path.starts_with(":"))
        refuse("findme's database is a file, it cannot be in memory: write sqlite:PATH");
    if (path.starts_with("file:")) refuse("the database URL takes the path alone: write sqlite:PATH");
}

std::unique_ptr<Database> open_sqlite(std::string_view path, const OpenOptions& options) {
    if (path.empty()) refuse("the database URL \"sqlite:\" names no file: write sqlite:PATH");
    if (path.find('\0') != std::string_view::npos) refuse("the path of a database cannot hold a NUL byte");
    // sqlite:///a/b is an absolute path all the same; sqlite://a/b looks like a host and would mean /a/b.
    if (path.starts_with("//") && !path.starts_with("///")) {
        refuse("the database URL takes a path, not a host: write sqlite:PATH or sqlite:/ABSOLUTE/PATH");
    }
    refuse_misread(path);
    return std::make_unique<SqliteDatabase>(std::string(path), options);
}

}  // namespace

std::unique_ptr<Database> open_database(const std::string& url, const OpenOptions& options) {
    const auto colon = url.find(':');
    const std::string scheme = colon == std::string::npos ? std::string() : url.substr(0, colon);
    if (scheme == "sqlite") return open_sqlite(std::string_view(url).substr(colon + 1), options);
    if (scheme == "postgresql" || scheme == "postgres")
        return std::make_unique<PostgresqlDatabase>(url, options);
    if (scheme.empty()) refuse("a database URL begins with its kind: write sqlite:PATH or postgresql://...");
    refuse("unknown kind of database " + base::quoted(scheme) + ": write sqlite:PATH or postgresql://...");
}

}  // namespace findme::db
