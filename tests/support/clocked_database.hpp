#pragma once

#include <memory>
#include <string>

#include "db/connection.hpp"
#include "findme/clock.hpp"

namespace findme::testing {

/// A database whose clock is the test's: time passes in it when the test says so.
class ClockedDatabase final : public db::Database {
  public:
    /// @param database, clock  borrowed.
    ClockedDatabase(db::Database& database, const Clock& clock)
        : db::Database(database.patience()), database_(database), clock_(clock) {}
    [[nodiscard]] db::Dialect dialect() const override { return database_.dialect(); }
    [[nodiscard]] std::shared_ptr<db::Connection> connect() override;
    [[nodiscard]] std::string display_name() const override { return database_.display_name(); }

  private:
    db::Database& database_;
    const Clock& clock_;
};

}  // namespace findme::testing
