#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "db/connection_pool.hpp"

namespace findme::db {

class PostgresqlSession;

/// A connection to a PostgreSQL server. It never reconnects by itself: what was set and locked for a session
/// would be gone without a word. Results are fetched whole before the first row is seen.
class PostgresqlConnection final : public PooledConnection {
  public:
    /// @param conninfo  in libpq's form, see PostgresqlUrl.
    /// @param name      of the database, safe to print.
    /// @errors throws Error{store_unreachable, store_denied, not_found}.
    PostgresqlConnection(const std::string& conninfo, std::string name, const OpenOptions& options);
    ~PostgresqlConnection() override;
    PostgresqlConnection(const PostgresqlConnection&) = delete;
    PostgresqlConnection& operator=(const PostgresqlConnection&) = delete;

    using Connection::run;
    [[nodiscard]] Dialect dialect() const override { return Dialect::postgresql; }
    std::int64_t run(std::string_view sql, std::span<const Value> parameters,
                     const RowVisitor& visit) override;
    void run_script(std::string_view sql) override;
    void begin(Access access) override;
    void commit() override;
    void roll_back() override;
    [[nodiscard]] std::unique_ptr<NamedLock> try_lock(std::string_view name) override;
    [[nodiscard]] std::unique_ptr<NamedLock> try_shared_lock(std::string_view name) override;
    [[nodiscard]] Timestamp now() override;
    /// Dead rows of the tables that held faces, paths and references are vacuumed away, as far as the role
    /// may do that, and templates are written anew while their tables are small (32 MiB): in larger ones the
    /// gaps are overwritten by what comes next. What the write-ahead log, replicas and backups keep is out of
    /// a client's reach.
    bool scrub() override;

    [[nodiscard]] bool reset() noexcept override;
    [[nodiscard]] bool is_alive() noexcept override;

  private:
    class AdvisoryLock;
    /// What a statement may have done when its answer is lost.
    enum class Effect { none, change, commit };

    template <typename Work>
    auto guarded(Effect effect, const Work& work);
    [[noreturn]] void fail(Effect effect, bool inside);
    [[nodiscard]] std::unique_ptr<NamedLock> try_lock(std::string_view name, const char* lock,
                                                      const char* unlock);
    void refuse_failed_commit();
    void set_statement_timeout(std::chrono::milliseconds timeout);
    enum class Scrub { vacuum, rewrite };
    [[nodiscard]] std::string tables_to_scrub(Scrub how);
    /// Vacuumed pages that keep other rows keep the bytes of those that went in their gaps: small tables of
    /// templates are written anew.
    /// @return false when somebody uses them for too long.
    [[nodiscard]] bool rewrite_templates();
    /// Waits a little for transactions that may still see what was deleted before this moment.
    [[nodiscard]] bool wait_for_older_readers();
    [[nodiscard]] bool is_open() const noexcept;

    std::string name_;
    std::chrono::milliseconds statement_timeout_;
    std::unique_ptr<PostgresqlSession> session_;
    bool fit_ = true;                             ///< False: the server is no longer the one to write to.
    std::shared_ptr<PostgresqlConnection*> use_;  ///< Of the present user, for locks that outlive it.
};

}  // namespace findme::db
