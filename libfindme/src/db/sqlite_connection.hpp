#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "db/connection_pool.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace findme::db {

/// A connection to one SQLite file. A lock held elsewhere is waited for, `patience` at most. Statements are
/// prepared once and kept: the SQL of this program is a fixed set.
class SqliteConnection final : public PooledConnection {
  public:
    /// @param path  absolute, of a file that exists.
    /// @errors throws Error{store_*}.
    SqliteConnection(std::string path, std::chrono::milliseconds patience);
    ~SqliteConnection() override;
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;

    using Connection::run;
    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }
    std::int64_t run(std::string_view sql, std::span<const Value> parameters,
                     const RowVisitor& visit) override;
    void run_script(std::string_view sql) override;
    void begin(Access access) override;
    void commit() override;
    void roll_back() override;
    [[nodiscard]] std::unique_ptr<NamedLock> try_lock(std::string_view name) override;
    [[nodiscard]] std::unique_ptr<NamedLock> try_shared_lock(std::string_view name) override;
    [[nodiscard]] Timestamp now() override;
    bool scrub() override;

    [[nodiscard]] bool reset() noexcept override;
    [[nodiscard]] bool is_alive() noexcept override { return true; }

  private:
    struct Closer {
        void operator()(sqlite3* handle) const noexcept;
    };
    struct Finalizer {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    /// `slots[i]` is where SQLite wants `$(i + 1)`: it numbers by first appearance, we by name.
    struct Prepared {
        std::unique_ptr<sqlite3_stmt, Finalizer> statement;
        std::vector<int> slots;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Cache = std::unordered_map<std::string, Prepared, Hash, std::equal_to<>>;
    class Lease;

    [[nodiscard]] Prepared prepare(std::string_view sql);
    void bind(const Prepared& prepared, std::span<const Value> parameters);
    [[nodiscard]] std::string query_text(std::string_view sql);
    void switch_to_wal();
    [[nodiscard]] std::string lock_path(std::string_view name) const;
    [[noreturn]] void fail(int code) const;
    /// SQLite asks it whether to try a busy lock again.
    static int wait_for_lock(void* connection, int tries) noexcept;

    std::string path_;
    std::chrono::milliseconds patience_;
    std::chrono::steady_clock::time_point waits_until_;
    std::unique_ptr<sqlite3, Closer> handle_;
    Cache idle_;  ///< Prepared and not in use; after `handle_`, which has to outlive it.
};

}  // namespace findme::db
