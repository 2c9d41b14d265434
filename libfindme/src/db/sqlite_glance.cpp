#include "db/sqlite_glance.hpp"

#include <sqlite3.h>

#include <functional>
#include <memory>

#include "db/sqlite_error.hpp"

namespace findme::db {
namespace {

constexpr int kBusyTimeoutMs = 2000;

struct Closer {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close(handle); }
};
struct Finalizer {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

void read(sqlite3* handle, const std::string& path, const char* sql,
          const std::function<void(sqlite3_stmt*)>& visit) {
    sqlite3_stmt* prepared = nullptr;
    if (const int code = sqlite3_prepare_v2(handle, sql, -1, &prepared, nullptr); code != SQLITE_OK)
        throw_sqlite_error(handle, code, path);
    const std::unique_ptr<sqlite3_stmt, Finalizer> statement(prepared);
    int code = SQLITE_OK;
    while ((code = sqlite3_step(prepared)) == SQLITE_ROW) visit(prepared);
    if (code != SQLITE_DONE) throw_sqlite_error(handle, code, path);
}

std::string text(sqlite3_stmt* statement) {
    const auto* bytes = sqlite3_column_text(statement, 0);
    return bytes == nullptr ? std::string() : std::string(bytes, bytes + sqlite3_column_bytes(statement, 0));
}

}  // namespace

SqliteGlance glance_at_sqlite(const std::string& path) {
    sqlite3* opened = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    const std::unique_ptr<sqlite3, Closer> handle(opened);
    if (code != SQLITE_OK) throw_sqlite_error(opened, code, path);
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_timeout(opened, kBusyTimeoutMs);
    SqliteGlance glance;
    read(opened, path, "PRAGMA application_id",
         [&](sqlite3_stmt* row) { glance.application_id = sqlite3_column_int64(row, 0); });
    read(opened, path, "PRAGMA journal_mode", [&](sqlite3_stmt* row) { glance.journal_mode = text(row); });
    read(opened, path,
         "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
         [&](sqlite3_stmt* row) { glance.tables.push_back(text(row)); });
    return glance;
}

}  // namespace findme::db
