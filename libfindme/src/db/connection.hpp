#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "findme/clock.hpp"
#include "findme/log.hpp"

namespace findme::db {

using Bytes = std::vector<std::uint8_t>;

/// What a parameter or a column may hold: NULL, integer, real, text (UTF-8), bytes.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;

enum class Dialect { sqlite, postgresql };

/// One row of a result, readable until the next row is fetched. Columns count from 0.
/// @errors every getter throws Error{internal} when the column is NULL or of another kind.
class Row {
  public:
    virtual ~Row() = default;
    [[nodiscard]] virtual bool is_null(int column) const = 0;
    [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
    [[nodiscard]] virtual double real(int column) const = 0;
    [[nodiscard]] virtual std::string text(int column) const = 0;
    /// Borrowed until the next row.
    [[nodiscard]] virtual std::span<const std::uint8_t> bytes(int column) const = 0;
};

using RowVisitor = std::function<void(const Row&)>;

enum class Access { read, write };

/// A lock over all processes that use one database, held until it goes or its connection ends.
class NamedLock {
  public:
    virtual ~NamedLock() = default;
};

/// One connection, one thread at a time. SQL is written once for all dialects: `$1` placeholders, `ON
/// CONFLICT`, `RETURNING`; types and DDL differ and live in the migrations.
/// @errors throws Error{store_*, constraint}; a constraint's subject is its name or its columns.
class Connection {
  public:
    virtual ~Connection() = default;
    [[nodiscard]] virtual Dialect dialect() const = 0;
    /// Runs one statement; `visit` sees each row as it is fetched.
    /// @return rows changed by INSERT, UPDATE or DELETE.
    virtual std::int64_t run(std::string_view sql, std::span<const Value> parameters,
                             const RowVisitor& visit) = 0;
    /// Sends a whole script of statements without parameters, exactly as it stands, outside or inside a
    /// transaction.
    virtual void run_script(std::string_view sql) = 0;
    /// For Transaction only. `write` takes what locks the dialect has to take at once.
    virtual void begin(Access access) = 0;
    /// @errors throws Error with `in_doubt` when the connection was lost before the answer came.
    virtual void commit() = 0;
    virtual void roll_back() = 0;
    /// @param name  letters, digits and dashes.
    /// @return null while another connection, in whatever process, holds the lock of this name.
    [[nodiscard]] virtual std::unique_ptr<NamedLock> try_lock(std::string_view name) = 0;
    /// The same lock, beside others who hold it in this way.
    [[nodiscard]] virtual std::unique_ptr<NamedLock> try_shared_lock(std::string_view name) = 0;
    /// The database's own clock: what expires does so by one clock for all who share it.
    [[nodiscard]] virtual Timestamp now() = 0;
    /// Makes rows that were deleted leave the database's own files (its log, its free space) too, as far as
    /// the dialect lets a client do so. Call it outside a transaction, after the commit that deleted them.
    /// @return false while another connection still reads older pages: then they go when it is done.
    virtual bool scrub() = 0;

    std::int64_t run(std::string_view sql, std::initializer_list<Value> parameters = {},
                     const RowVisitor& visit = nullptr) {
        return run(sql, std::span<const Value>(parameters.begin(), parameters.size()), visit);
    }
};

/// A transaction that rolls back unless committed. `write` takes the write lock at once, so that a busy
/// database is noticed here and not in the middle.
class Transaction {
  public:
    Transaction(Connection& connection, Access access);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    /// @errors throws Error; after it the transaction is gone and nothing of it was kept.
    void commit();

  private:
    Connection& connection_;
    bool open_ = true;
};

enum class IfMissing { create, refuse };

/// How a Database makes and keeps connections. What an embedded database has no use for, it ignores.
struct OpenOptions {
    IfMissing if_missing = IfMissing::create;  ///< An embedded database's file.
    std::size_t pool_size = 5;                 ///< Connections kept open for the next user.
    std::size_t pool_overflow = 10;            ///< Connections beyond, closed when given back.
    std::chrono::milliseconds checkout_timeout{30'000};
    std::chrono::seconds recycle_after{1800};             ///< Older connections are made anew.
    std::chrono::milliseconds statement_timeout{60'000};  ///< 0: none.
    std::chrono::seconds connect_timeout{0};              ///< 0: as the URL says, else ten seconds.
    std::string application_name = "findme";              ///< As the server's own views show it.
    /// How long work waits for what passes by itself: for a lock of an embedded database that is held
    /// elsewhere; and in all between the tries of run_retrying(), for a server that is away or undid it.
    std::chrono::milliseconds patience{6000};
};

/// A place connections come from. Thread-safe.
class Database {
  public:
    virtual ~Database() = default;
    [[nodiscard]] virtual Dialect dialect() const = 0;
    /// A connection for one thread's use; given back when the pointer goes. It answered a moment ago.
    /// @errors throws Error{store_*}, Error{pool_exhausted} after the checkout timeout.
    [[nodiscard]] virtual std::shared_ptr<Connection> connect() = 0;
    /// Safe to print: without credentials.
    [[nodiscard]] virtual std::string display_name() const = 0;

    /// Who hears of retries; to be called before others use it. @param log  may be null.
    void report_to(Log* log) { log_ = log; }
    [[nodiscard]] Log* log() const { return log_; }
    /// OpenOptions::patience.
    [[nodiscard]] std::chrono::milliseconds patience() const { return patience_; }

  protected:
    explicit Database(std::chrono::milliseconds patience) : patience_(patience) {}

  private:
    std::chrono::milliseconds patience_;
    Log* log_ = nullptr;
};

/// @param url `sqlite:PATH`, or `postgresql://...` in libpq's own syntax. A missing SQLite file is created
///            without tables (mode 0600) or refused; a PostgreSQL server is first asked by connect().
/// @errors throws Error{config_invalid} for an unknown scheme, a URL that cannot be read, a missing folder or
///         a network file system, Error{not_found} when the file is missing and `if_missing` refuses,
///         Error{store_corrupt} for a file of 0 bytes, Error{store_*} when it cannot be created.
///         A file that is created has its name only when it is a database.
[[nodiscard]] std::unique_ptr<Database> open_database(const std::string& url, const OpenOptions& options);

}  // namespace findme::db
