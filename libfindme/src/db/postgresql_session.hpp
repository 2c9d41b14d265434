#pragma once

#include <pqxx/pqxx>
#include <string>

namespace findme::db {

/// Remembers what libpq calls the connection: libpqxx does not tell it.
class HandlePolicy : public pqxx::connect_direct {
  public:
    using connect_direct::connect_direct;
    handle do_startconnect(handle previous) override;
    handle do_disconnect(handle previous) noexcept override;
    [[nodiscard]] handle current() const { return handle_; }

  private:
    handle handle_ = nullptr;
};

/// A connection of libpqxx that does not reconnect, does not print, and knows the state of its transaction.
class PostgresqlSession final : private HandlePolicy, public pqxx::connection_base {
  public:
    /// @errors throws pqxx::broken_connection.
    explicit PostgresqlSession(const std::string& conninfo);
    PostgresqlSession(const PostgresqlSession&) = delete;
    PostgresqlSession& operator=(const PostgresqlSession&) = delete;
    ~PostgresqlSession() noexcept override;

    [[nodiscard]] bool in_transaction() const noexcept;
    /// True after a statement failed: the server takes nothing but the end of the transaction.
    [[nodiscard]] bool transaction_failed() const noexcept;
};

}  // namespace findme::db
