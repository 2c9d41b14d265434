#include "db/postgresql_connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <pqxx/pqxx>
#include <thread>
#include <vector>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "db/postgresql_error.hpp"
#include "db/postgresql_row.hpp"
#include "db/postgresql_session.hpp"
#include "findme/error.hpp"

namespace findme::db {

namespace {

constexpr const char* kIdleInTransactionTimeout = "60s";
constexpr std::chrono::milliseconds kReaderTimeout{5000};
// Takes a tenth of a second; a larger table would keep everybody waiting.
constexpr std::int64_t kQuicklyRewrittenBytes = std::int64_t{32} << 20U;
constexpr std::chrono::milliseconds kReaderPoll{20};

/// The text of a parameter; nothing for NULL.
std::optional<std::string> parameter_text(const Value& value) {
    return std::visit(
        [](const auto& held) -> std::optional<std::string> {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<Held, std::monostate>) {
                return std::nullopt;
            } else if constexpr (std::is_same_v<Held, std::int64_t>) {
                return std::to_string(held);
            } else if constexpr (std::is_same_v<Held, double>) {
                std::array<char, 32> digits{};
                const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), held).ptr;
                return std::string(digits.data(), end);
            } else if constexpr (std::is_same_v<Held, std::string>) {
                if (held.find('\0') == std::string::npos) return held;
                throw Error(ErrorCode::invalid_argument,
                            "a text with a NUL byte cannot be kept in PostgreSQL");
            } else {
                constexpr std::string_view kDigits = "0123456789abcdef";
                std::string hex = "\\x";
                hex.reserve(2 + 2 * held.size());
                for (const std::uint8_t byte : held) {
                    hex += kDigits[byte >> 4U];
                    hex += kDigits[byte & 0xFU];
                }
                return hex;
            }
        },
        value);
}

/// The first word of a statement, behind its comments, in lower case.
std::string first_word(std::string_view sql) {
    for (;;) {
        sql = base::trimmed(sql);
        const bool line = sql.starts_with("--");
        if (!line && !sql.starts_with("/*")) break;
        const auto end = sql.find(line ? "\n" : "*/");
        if (end == std::string_view::npos) return {};
        sql.remove_prefix(end + (line ? 1 : 2));
    }
    return base::to_lower_ascii(sql.substr(0, sql.find_first_of(" \t\r\n(;")));
}

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::int64_t lock_key(std::string_view name) {
    const std::string text = "findme:" + std::string(name);
    const auto hash = base::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    std::int64_t key = 0;
    std::memcpy(&key, hash.data(), sizeof key);
    return key;
}

}  // namespace

class PostgresqlConnection::AdvisoryLock final : public NamedLock {
  public:
    AdvisoryLock(std::weak_ptr<PostgresqlConnection*> use, std::int64_t key, const char* unlock)
        : use_(std::move(use)), key_(key), unlock_(unlock) {}
    AdvisoryLock(const AdvisoryLock&) = delete;
    AdvisoryLock& operator=(const AdvisoryLock&) = delete;
    ~AdvisoryLock() override {
        try {
            if (const auto use = use_.lock()) (*use)->run(unlock_, {key_});
        } catch (...) {
            // The connection is gone, and the lock with it.
        }
    }

  private:
    std::weak_ptr<PostgresqlConnection*> use_;
    std::int64_t key_;
    const char* unlock_;
};

bool PostgresqlConnection::is_open() const noexcept {
    return session_->is_open();
}

void PostgresqlConnection::fail(Effect effect, bool inside) {
    PostgresqlFailure failure = current_postgresql_failure();
    // A server that has become a standby stays one: the next connection is to find the primary.
    if (failure.sqlstate == "25006") fit_ = false;
    if (!is_open()) {
        failure.connection_lost = true;
        // A server that ends a session says so before it undoes the statement; one that is gone says nothing.
        const bool said_so = failure.sqlstate.starts_with("57P");
        failure.in_doubt = effect == Effect::commit || (effect == Effect::change && !inside && !said_so);
        if (!said_so) failure.sqlstate.clear();
    }
    throw Error(to_error_info(failure, name_));
}

template <typename Work>
auto PostgresqlConnection::guarded(Effect effect, const Work& work) {
    const bool inside = session_->in_transaction();
    try {
        pqxx::nontransaction statement(*session_);
        return work(statement);
    } catch (const pqxx::pqxx_exception&) {
        fail(effect, inside);
    }
}

PostgresqlConnection::PostgresqlConnection(const std::string& conninfo, std::string name,
                                           const OpenOptions& options)
    : name_(std::move(name)), statement_timeout_(options.statement_timeout) {
    try {
        session_ = std::make_unique<PostgresqlSession>(conninfo);
    } catch (const pqxx::failure& error) {
        throw Error(connect_error_info(error.what(), name_));
    }
    // Without row_security a policy that hides rows from this role is an error: rows that are taken for
    // absent make others look like leftovers, and erasures look complete.
    guarded(Effect::none, [&](pqxx::nontransaction& statement) {
        return statement.exec(
            "SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD';"
            " SET bytea_output = 'hex'; SET extra_float_digits = 1; SET row_security = off;"
            " SET idle_in_transaction_session_timeout = '" +
            std::string(kIdleInTransactionTimeout) +
            "'; SET statement_timeout = " + std::to_string(statement_timeout_.count()));
    });
}

PostgresqlConnection::~PostgresqlConnection() = default;

void PostgresqlConnection::refuse_failed_commit() {
    if (!session_->transaction_failed()) return;
    // The server would answer COMMIT with a ROLLBACK, and call that a success.
    roll_back();
    throw Error(
        ErrorCode::internal,
        "a transaction on the database " + name_ +
            " was to be committed after one of its statements had failed (a bug in findme; please report it)",
        name_);
}

std::int64_t PostgresqlConnection::run(std::string_view sql, std::span<const Value> parameters,
                                       const RowVisitor& visit) {
    std::vector<std::optional<std::string>> texts;
    texts.reserve(parameters.size());
    for (const Value& value : parameters) texts.push_back(parameter_text(value));
    std::vector<const char*> pointers;
    pointers.reserve(texts.size());
    for (const auto& text : texts) pointers.push_back(text ? text->c_str() : nullptr);

    const std::string word = first_word(sql);
    const bool commits = is_one_of(word, {"commit", "end"});
    const bool reads = is_one_of(word, {"select", "show", "set", "reset", "begin", "rollback", "explain"});
    if (commits) refuse_failed_commit();
    const Effect effect = commits ? Effect::commit : reads ? Effect::none : Effect::change;
    const pqxx::result result = guarded(effect, [&](pqxx::nontransaction& statement) {
        return statement.exec_params(std::string(sql), pqxx::prepare::make_dynamic_params(pointers));
    });
    if (visit) {
        PostgresqlRow row(result);
        for (pqxx::result::size_type i = 0; i < result.size(); ++i) {
            row.move_to(i);
            visit(row);
        }
    }
    // libpqxx counts the rows of a SELECT too.
    const bool counts =
        result.columns() == 0 || is_one_of(word, {"insert", "update", "delete", "merge", "with"});
    return counts ? static_cast<std::int64_t>(result.affected_rows()) : 0;
}

void PostgresqlConnection::run_script(std::string_view sql) {
    const bool commits = is_one_of(first_word(sql), {"commit", "end"});
    if (commits) refuse_failed_commit();
    guarded(commits ? Effect::commit : Effect::change,
            [&](pqxx::nontransaction& statement) { return statement.exec(std::string(sql)); });
}

void PostgresqlConnection::begin(Access access) {
    // A reader sees one state, however many statements it asks; a writer sees what others commit meanwhile.
    run(access == Access::read ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN");
}

void PostgresqlConnection::commit() {
    run("COMMIT");
}

void PostgresqlConnection::roll_back() {
    run("ROLLBACK");
}

std::unique_ptr<NamedLock> PostgresqlConnection::try_lock(std::string_view name) {
    return try_lock(name, "SELECT pg_try_advisory_lock($1)", "SELECT pg_advisory_unlock($1)");
}

std::unique_ptr<NamedLock> PostgresqlConnection::try_shared_lock(std::string_view name) {
    return try_lock(name, "SELECT pg_try_advisory_lock_shared($1)", "SELECT pg_advisory_unlock_shared($1)");
}

std::unique_ptr<NamedLock> PostgresqlConnection::try_lock(std::string_view name, const char* lock,
                                                          const char* unlock) {
    const std::int64_t key = lock_key(name);
    if (!use_) use_ = std::make_shared<PostgresqlConnection*>(this);
    bool locked = false;
    run(lock, {key}, [&](const Row& row) { locked = row.integer(0) == 1; });
    if (!locked) return nullptr;
    return std::make_unique<AdvisoryLock>(use_, key, unlock);
}

void PostgresqlConnection::set_statement_timeout(std::chrono::milliseconds timeout) {
    run("SET statement_timeout = " + std::to_string(timeout.count()));
}

std::string PostgresqlConnection::tables_to_scrub(Scrub how) {
    std::string tables;
    const bool whole = how == Scrub::rewrite;
    const std::string names =
        whole ? "{face_templates,selfies}"
              : "{face_templates,faces,photo_paths,photos,face_matches,photo_faces,selfies,"
                "consents,users,user_events,index_jobs}";
    run("SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NOT NULL"
        " AND pg_relation_size(to_regclass(quote_ident(name))) <= $2",
        {names, whole ? kQuicklyRewrittenBytes : std::numeric_limits<std::int64_t>::max()},
        [&](const Row& row) { tables += (tables.empty() ? "" : ", ") + row.text(0); });
    return tables;
}

bool PostgresqlConnection::wait_for_older_readers() {
    std::string now;
    run("SELECT pg_snapshot_xmax(pg_current_snapshot())::text", {},
        [&](const Row& row) { now = row.text(0); });
    const auto deadline = std::chrono::steady_clock::now() + kReaderTimeout;
    for (;;) {
        bool there = false;
        // Sessions of others are seen in full by roles that may see them; VACUUM itself waits for none.
        run("SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
            " AND backend_type = 'client backend'"
            " AND greatest(age(backend_xmin), age(backend_xid)) > age($1::xid8::xid) LIMIT 1",
            {now}, [&](const Row&) { there = true; });
        if (!there) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(kReaderPoll);
    }
}

Timestamp PostgresqlConnection::now() {
    Timestamp now;
    run("SELECT clock_timestamp()", {},
        [&](const Row& row) { now = timestamp_from_iso8601(row.text(0)).value(); });
    return now;
}

bool PostgresqlConnection::scrub() {
    const std::string tables = tables_to_scrub(Scrub::vacuum);
    if (tables.empty()) return true;
    const bool seen_by_nobody = wait_for_older_readers();
    // A table that the role does not own is left to the server's own VACUUM: that is a warning, and no error.
    fit_ = false;  // Unless its timeout is set right again.
    set_statement_timeout(std::chrono::milliseconds{0});
    run("VACUUM (INDEX_CLEANUP ON) " + tables);
    const bool rewritten = seen_by_nobody && rewrite_templates();
    set_statement_timeout(statement_timeout_);
    fit_ = true;
    return rewritten;
}

bool PostgresqlConnection::rewrite_templates() {
    const std::string tables = tables_to_scrub(Scrub::rewrite);
    if (tables.empty()) return true;
    run("SELECT set_config('lock_timeout', $1, false)", {std::to_string(kReaderTimeout.count())});
    bool rewritten = true;
    try {
        run("VACUUM (FULL) " + tables);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::store_locked) throw;
        rewritten = false;
    }
    run("SELECT set_config('lock_timeout', '0', false)");
    return rewritten;
}

bool PostgresqlConnection::reset() noexcept {
    try {
        if (!fit_ || !is_open()) return false;
        if (session_->in_transaction()) roll_back();
        if (use_) run("SELECT pg_advisory_unlock_all()");
        use_.reset();
        return true;
    } catch (...) {
        return false;
    }
}

bool PostgresqlConnection::is_alive() noexcept {
    try {
        run("SELECT 1");
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace findme::db
