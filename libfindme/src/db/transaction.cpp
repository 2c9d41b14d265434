#include <string_view>

#include "db/connection.hpp"

namespace findme::db {
namespace {

std::string_view begin_statement(Dialect dialect, Access access) {
    if (access == Access::read) return dialect == Dialect::sqlite ? "BEGIN" : "BEGIN READ ONLY";
    // SQLite: a transaction that reads first and writes later cannot wait for its lock, it can only fail.
    return dialect == Dialect::sqlite ? "BEGIN IMMEDIATE" : "BEGIN";
}

void roll_back_quietly(Connection& connection) noexcept {
    try {
        connection.run("ROLLBACK");
    } catch (...) {
        // The database has rolled back by itself (SQLite does so when the disk is full), or the connection is
        // gone and the transaction with it. Either way nothing of it is kept.
    }
}

}  // namespace

Transaction::Transaction(Connection& connection, Access access) : connection_(connection) {
    connection_.run(begin_statement(connection.dialect(), access));
}

Transaction::~Transaction() {
    if (open_) roll_back_quietly(connection_);
}

void Transaction::commit() {
    open_ = false;
    try {
        connection_.run("COMMIT");
    } catch (...) {
        roll_back_quietly(connection_);
        throw;
    }
}

}  // namespace findme::db
