#include "db/postgresql_session.hpp"

#include <libpq-fe.h>

namespace findme::db {
namespace {

// libpqxx passes a server's notices on to handlers, and prints them when there is none.
void drop_notice(void* /*unused*/, const PGresult* /*unused*/) {}

}  // namespace

HandlePolicy::handle HandlePolicy::do_startconnect(handle previous) {
    handle_ = connect_direct::do_startconnect(previous);
    return handle_;
}

HandlePolicy::handle HandlePolicy::do_disconnect(handle previous) noexcept {
    handle_ = nullptr;
    return connect_direct::do_disconnect(previous);
}

PostgresqlSession::PostgresqlSession(const std::string& conninfo)
    : HandlePolicy(conninfo), connection_base(static_cast<HandlePolicy&>(*this)) {
    init();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    inhibit_reactivation(true);
#pragma GCC diagnostic pop
    // Names the constraint of a violation on a line of its own.
    set_verbosity(verbose);
    PQsetNoticeReceiver(current(), drop_notice, nullptr);
}

PostgresqlSession::~PostgresqlSession() noexcept {
    close();
}

bool PostgresqlSession::in_transaction() const noexcept {
    const auto status = PQtransactionStatus(current());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool PostgresqlSession::transaction_failed() const noexcept {
    return PQtransactionStatus(current()) == PQTRANS_INERROR;
}

}  // namespace findme::db
