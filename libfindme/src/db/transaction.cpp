#include "db/connection.hpp"

namespace findme::db {
namespace {

void roll_back_quietly(Connection& connection) noexcept {
    try {
        connection.roll_back();
    } catch (...) {
        // The database has rolled back by itself (SQLite does so when the disk is full), or the connection is
        // gone and the transaction with it. Either way nothing of it is kept.
    }
}

}  // namespace

Transaction::Transaction(Connection& connection, Access access) : connection_(connection) {
    connection_.begin(access);
}

Transaction::~Transaction() {
    if (open_) roll_back_quietly(connection_);
}

void Transaction::commit() {
    open_ = false;
    try {
        connection_.commit();
    } catch (...) {
        roll_back_quietly(connection_);
        throw;
    }
}

}  // namespace findme::db
