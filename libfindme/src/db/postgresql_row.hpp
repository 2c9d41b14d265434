#pragma once

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "db/connection.hpp"

namespace findme::db {

/// One row of a result that was fetched whole; PostgreSQL's types read as the kinds findme knows: whole
/// numbers and booleans as integers, times and dates in ISO-8601.
class PostgresqlRow final : public Row {
  public:
    explicit PostgresqlRow(const pqxx::result& result) : result_(result), decoded_(result.columns()) {}

    void move_to(pqxx::result::size_type row);

    [[nodiscard]] bool is_null(int column) const override;
    [[nodiscard]] std::int64_t integer(int column) const override;
    [[nodiscard]] double real(int column) const override;
    [[nodiscard]] std::string text(int column) const override;
    [[nodiscard]] std::span<const std::uint8_t> bytes(int column) const override;

  private:
    [[nodiscard]] pqxx::field field(int column) const;
    [[nodiscard]] unsigned type(int column) const;
    [[noreturn]] static void refuse(int column, const char* wanted);

    const pqxx::result& result_;
    pqxx::result::size_type row_ = 0;
    mutable std::vector<Bytes> decoded_;  ///< Of this row, by column.
};

}  // namespace findme::db
