#include "db/sqlite_connection.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <limits>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/text.hpp"
#include "db/named_file_lock.hpp"
#include "db/sqlite_error.hpp"
#include "findme/error.hpp"

namespace findme::db {
namespace {

/// SQLite's own waiting sleeps up to 100 ms between tries. A writer that commits in a tight loop leaves the
/// lock free for microseconds: whoever tries ten times a second is starved by it, whoever tries every
/// millisecond is not.
constexpr std::chrono::milliseconds kBusyPoll{1};

/// Told of every connection. secure_delete: face templates are personal data, a deleted row is overwritten.
constexpr const char* kPragmas =
    "PRAGMA foreign_keys=ON;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA trusted_schema=OFF;"
    "PRAGMA secure_delete=ON;";

class SqliteRow final : public Row {
  public:
    explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

    [[nodiscard]] bool is_null(int column) const override { return kind(column) == SQLITE_NULL; }
    [[nodiscard]] std::int64_t integer(int column) const override {
        require(column, SQLITE_INTEGER, "an integer");
        return sqlite3_column_int64(statement_, column);
    }
    [[nodiscard]] double real(int column) const override {
        require(column, SQLITE_FLOAT, "a real");
        return sqlite3_column_double(statement_, column);
    }
    [[nodiscard]] std::string text(int column) const override {
        require(column, SQLITE_TEXT, "a text");
        const auto* bytes = sqlite3_column_text(statement_, column);
        return {bytes, bytes + sqlite3_column_bytes(statement_, column)};
    }
    [[nodiscard]] std::span<const std::uint8_t> bytes(int column) const override {
        require(column, SQLITE_BLOB, "bytes");
        const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
    }

  private:
    [[nodiscard]] int kind(int column) const { return sqlite3_column_type(statement_, column); }
    void require(int column, int wanted, const char* name) const {
        if (kind(column) == wanted) return;
        throw Error(ErrorCode::internal, "column " + std::to_string(column) + " of a result is not " + name);
    }

    sqlite3_stmt* statement_;
};

int bind_value(sqlite3_stmt* statement, int slot, const Value& value) {
    // No destructor means that SQLite borrows; the parameters outlive the run, and the bindings do not.
    return std::visit(
        [&](const auto& held) {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<Held, std::monostate>) {
                return sqlite3_bind_null(statement, slot);
            } else if constexpr (std::is_same_v<Held, std::int64_t>) {
                return sqlite3_bind_int64(statement, slot, held);
            } else if constexpr (std::is_same_v<Held, double>) {
                return sqlite3_bind_double(statement, slot, held);
            } else if constexpr (std::is_same_v<Held, std::string>) {
                return sqlite3_bind_text64(statement, slot, held.data(), held.size(), nullptr, SQLITE_UTF8);
            } else {
                // An empty vector may have no address, and a blob without one would be NULL.
                if (held.empty()) return sqlite3_bind_zeroblob(statement, slot, 0);
                return sqlite3_bind_blob64(statement, slot, held.data(), held.size(), nullptr);
            }
        },
        value);
}

}  // namespace

void SqliteConnection::Closer::operator()(sqlite3* handle) const noexcept {
    sqlite3_close(handle);
}
void SqliteConnection::Finalizer::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

/// A statement out of the cache for one run; a visitor may run the same SQL meanwhile and gets one of its
/// own.
class SqliteConnection::Lease {
  public:
    Lease(SqliteConnection& connection, std::string_view sql) : connection_(connection) {
        auto found = connection.idle_.find(sql);
        if (found == connection.idle_.end()) {
            found = connection.idle_.emplace(std::string(sql), connection.prepare(sql)).first;
        }
        node_ = connection.idle_.extract(found);
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
        sqlite3_reset(statement());
        sqlite3_clear_bindings(statement());
        try {
            connection_.idle_.insert(std::move(node_));
        } catch (...) {
            // No memory to keep it: it is prepared again when needed.
        }
    }
    [[nodiscard]] const Prepared& prepared() const { return node_.mapped(); }
    [[nodiscard]] sqlite3_stmt* statement() const { return node_.mapped().statement.get(); }

  private:
    SqliteConnection& connection_;
    Cache::node_type node_;
};

SqliteConnection::SqliteConnection(std::string path, std::chrono::milliseconds patience)
    : path_(std::move(path)), patience_(patience) {
    sqlite3* handle = nullptr;
    // Without CREATE: the file is made beforehand, with the right mode. A file that cannot be written is
    // opened for reading by SQLite itself. NOMUTEX: one thread at a time is this class's contract.
    const int opened =
        sqlite3_open_v2(path_.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(handle);
    if (opened != SQLITE_OK) fail(opened);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_handler(handle, &SqliteConnection::wait_for_lock, this);
    run_script(kPragmas);
    switch_to_wal();
}

SqliteConnection::~SqliteConnection() = default;

void SqliteConnection::fail(int code) const {
    throw_sqlite_error(handle_.get(), code, path_);
}

int SqliteConnection::wait_for_lock(void* connection, int tries) noexcept {
    auto& self = *static_cast<SqliteConnection*>(connection);
    const auto now = std::chrono::steady_clock::now();
    if (tries == 0) self.waits_until_ = now + self.patience_;
    if (now >= self.waits_until_) return 0;
    std::this_thread::sleep_for(kBusyPoll);
    return 1;
}

/// The mode is kept in the file, so this writes once in a database's life.
void SqliteConnection::switch_to_wal() {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    while (query_text("PRAGMA journal_mode") != "wal") {
        if (sqlite3_db_readonly(handle_.get(), "main") == 1) return;
        const int code = sqlite3_exec(handle_.get(), "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
        if (code == SQLITE_OK) return;
        // The switch wants the whole file for itself and does not wait for it: the busy handler is not asked
        // here.
        const bool busy = (code & 0xFF) == SQLITE_BUSY || (code & 0xFF) == SQLITE_LOCKED;
        if (!busy || std::chrono::steady_clock::now() >= deadline) fail(code);
        std::this_thread::sleep_for(kBusyPoll);
    }
}

std::string SqliteConnection::query_text(std::string_view sql) {
    std::string text;
    run(sql, {}, [&](const Row& row) { text = row.text(0); });
    return text;
}

SqliteConnection::Prepared SqliteConnection::prepare(std::string_view sql) {
    if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) fail(SQLITE_TOOBIG);
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, &rest);
    Prepared prepared{decltype(Prepared::statement)(statement), {}};
    if (code != SQLITE_OK) fail(code);
    const auto used = static_cast<std::size_t>(rest - sql.data());
    if (statement == nullptr || !base::trimmed(sql.substr(used)).empty()) {
        throw Error(ErrorCode::internal, "one statement is run at a time: " + base::quoted(sql));
    }
    const int count = sqlite3_bind_parameter_count(statement);
    for (int i = 1; i <= count; ++i) {
        std::string name = "$";
        name += std::to_string(i);
        const int slot = sqlite3_bind_parameter_index(statement, name.c_str());
        if (slot == 0)
            throw Error(ErrorCode::internal,
                        "placeholders are $1, $2 ... without gaps: " + base::quoted(sql));
        prepared.slots.push_back(slot);
    }
    return prepared;
}

void SqliteConnection::bind(const Prepared& prepared, std::span<const Value> parameters) {
    if (parameters.size() != prepared.slots.size()) {
        throw Error(ErrorCode::internal, "a statement of " + std::to_string(prepared.slots.size()) +
                                             " placeholders was given " + std::to_string(parameters.size()) +
                                             " values");
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const int code = bind_value(prepared.statement.get(), prepared.slots[i], parameters[i]);
        if (code != SQLITE_OK) fail(code);
    }
}

std::int64_t SqliteConnection::run(std::string_view sql, std::span<const Value> parameters,
                                   const RowVisitor& visit) {
    const Lease lease(*this, sql);
    bind(lease.prepared(), parameters);
    sqlite3_stmt* statement = lease.statement();
    const std::int64_t before = sqlite3_total_changes64(handle_.get());
    const SqliteRow row(statement);
    for (int code = sqlite3_step(statement); code != SQLITE_DONE; code = sqlite3_step(statement)) {
        if (code != SQLITE_ROW) fail(code);
        if (visit) visit(row);
    }
    // sqlite3_changes keeps the number of the last statement that changed rows: here it counts only if this
    // one did.
    const bool changed =
        sqlite3_stmt_readonly(statement) == 0 && sqlite3_total_changes64(handle_.get()) != before;
    return changed ? sqlite3_changes64(handle_.get()) : 0;
}

void SqliteConnection::run_script(std::string_view sql) {
    const int code = sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
}

void SqliteConnection::begin(Access access) {
    // A transaction that reads first and writes later cannot wait for its lock, it can only fail.
    run(access == Access::read ? "BEGIN" : "BEGIN IMMEDIATE");
}

void SqliteConnection::commit() {
    run("COMMIT");
}

void SqliteConnection::roll_back() {
    run("ROLLBACK");
}

std::string SqliteConnection::lock_path(std::string_view name) const {
    // The same database by another name has the same lock.
    std::error_code unresolved;
    const auto path = std::filesystem::canonical(path_, unresolved);
    return (unresolved ? path_ : path.string()) + "-" + std::string(name) + ".lock";
}

std::unique_ptr<NamedLock> SqliteConnection::try_lock(std::string_view name) {
    return try_file_lock(lock_path(name), FileLockKind::alone);
}

std::unique_ptr<NamedLock> SqliteConnection::try_shared_lock(std::string_view name) {
    return try_file_lock(lock_path(name), FileLockKind::shared);
}

Timestamp SqliteConnection::now() {
    Timestamp now;
    run("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", {},
        [&](const Row& row) { now = timestamp_from_iso8601(row.text(0)).value(); });
    return now;
}

bool SqliteConnection::scrub() {
    // The log keeps earlier versions of pages until it is written back and cut off.
    std::int64_t busy = 0;
    run("PRAGMA wal_checkpoint(TRUNCATE)", {}, [&](const Row& row) { busy = row.integer(0); });
    return busy == 0;
}

bool SqliteConnection::reset() noexcept {
    if (sqlite3_get_autocommit(handle_.get()) != 0) return true;
    return sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK;
}

}  // namespace findme::db
