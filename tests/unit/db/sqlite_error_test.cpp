#include "db/sqlite_error.hpp"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <cerrno>

using namespace findme;
using db::SqliteFailure;
using db::to_error_info;

TEST_CASE("sqlite errors: every refusal has a code of ours", "[db]") {
    struct Expected {
        int sqlite;
        ErrorCode code;
    };
    for (const auto& [sqlite, code] : {
             Expected{SQLITE_BUSY, ErrorCode::store_locked},
             Expected{SQLITE_BUSY_SNAPSHOT, ErrorCode::store_locked},
             Expected{SQLITE_LOCKED, ErrorCode::store_locked},
             Expected{SQLITE_PROTOCOL, ErrorCode::store_locked},
             Expected{SQLITE_READONLY, ErrorCode::store_read_only},
             Expected{SQLITE_READONLY_CANTINIT, ErrorCode::store_read_only},
             Expected{SQLITE_READONLY_DBMOVED, ErrorCode::store_unreachable},
             Expected{SQLITE_FULL, ErrorCode::store_full},
             Expected{SQLITE_CORRUPT, ErrorCode::store_corrupt},
             Expected{SQLITE_CORRUPT_INDEX, ErrorCode::store_corrupt},
             Expected{SQLITE_NOTADB, ErrorCode::store_corrupt},
             Expected{SQLITE_CANTOPEN, ErrorCode::store_unreachable},
             Expected{SQLITE_IOERR_READ, ErrorCode::store_unreachable},
             Expected{SQLITE_PERM, ErrorCode::store_unreachable},
             Expected{SQLITE_CONSTRAINT_UNIQUE, ErrorCode::constraint},
             Expected{SQLITE_CONSTRAINT_FOREIGNKEY, ErrorCode::constraint},
             Expected{SQLITE_ERROR, ErrorCode::internal},
             Expected{SQLITE_NOMEM, ErrorCode::internal},
         }) {
        CAPTURE(sqlite);
        const auto error =
            to_error_info(SqliteFailure{.code = sqlite, .says = "something"}, "/srv/findme.db");
        CHECK(error.code == code);
        CHECK((error.retry == Retry::later) == (code == ErrorCode::store_locked));
        CHECK_THAT(error.message, Catch::Contains("database \"/srv/findme.db\""));
    }
}

TEST_CASE("sqlite errors: a write that fails for want of space is store_full", "[db]") {
    for (const int cause : {ENOSPC, EDQUOT}) {
        CHECK(to_error_info(SqliteFailure{.code = SQLITE_IOERR_WRITE, .system_error = cause}, "/db").code ==
              ErrorCode::store_full);
    }
    const auto other = to_error_info(SqliteFailure{.code = SQLITE_IOERR_WRITE, .system_error = EIO}, "/db");
    CHECK(other.code == ErrorCode::store_unreachable);
    CHECK_THAT(other.message, Catch::Contains("Input/output error"));
}

TEST_CASE("sqlite errors: what cannot be opened in a read-only folder is read-only", "[db]") {
    const auto error = to_error_info(
        SqliteFailure{.code = SQLITE_CANTOPEN, .system_error = EACCES, .folder_writable = false}, "/db");
    CHECK(error.code == ErrorCode::store_read_only);
}

TEST_CASE("sqlite errors: the subject of a constraint is its columns or its index", "[db]") {
    const auto subject = [](std::string_view says) {
        return to_error_info(SqliteFailure{.code = SQLITE_CONSTRAINT_UNIQUE, .says = says}, "/db").subject;
    };
    CHECK(subject("UNIQUE constraint failed: events.event_code") == "events.event_code");
    CHECK(subject("UNIQUE constraint failed: index 'users_email_event_unique'") ==
          "users_email_event_unique");
    CHECK(subject("FOREIGN KEY constraint failed").empty());
}
