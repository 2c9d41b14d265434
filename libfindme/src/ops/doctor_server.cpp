#include "ops/doctor_server.hpp"

#include <algorithm>
#include <chrono>

namespace findme::ops {
namespace {

/// CREATE OR REPLACE TRIGGER, which the schema is made with.
constexpr std::int64_t kOldestServer = 140000;
/// Two thousand million is where the server stops; its own care begins at two hundred.
constexpr std::int64_t kOldTransactions = 1'000'000'000;
constexpr std::chrono::milliseconds kClockSkew{2000};

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

}  // namespace

void judge_server_use(CheckRun& run, const store::ServerFacts& facts,
                      const std::vector<std::string>& missing) {
    if (facts.version_number < kOldestServer) {
        run.add(Severity::error, ErrorCode::config_invalid, "version",
                "the server is PostgreSQL " + facts.version + ", and findme needs 14 or later",
                "upgrade the server");
    }
    if (facts.encoding != "UTF8") {
        run.add(Severity::error, ErrorCode::config_invalid, "encoding",
                "the database's encoding is " + facts.encoding + ", and findme writes UTF-8",
                "make a database with ENCODING 'UTF8' and copy the data into it with pg_dump");
    }
    if (facts.read_only) {
        run.add(Severity::error, ErrorCode::store_read_only, "read_only",
                "the database takes no changes from this role (a standby, or default_transaction_read_only)",
                "connect to the primary server, or set default_transaction_read_only off");
    }
    if (!missing.empty()) {
        run.add(Severity::error, ErrorCode::store_denied, "privileges", "the role lacks " + joined(missing),
                "grant it what it lacks: examples/postgresql_roles.sql does");
    }
}

void judge_pool(CheckRun& run, const store::ServerFacts& facts, const PoolDemand& demand) {
    const std::int64_t wanted = demand.processes * demand.size;
    const std::int64_t for_all = facts.max_connections - facts.reserved_connections;
    std::int64_t limit = for_all;
    std::string of = "max_connections without those reserved";
    const auto narrow = [&](std::int64_t other, const char* name) {
        if (other < 0 || other >= limit) return;
        limit = other;
        of = name;
    };
    narrow(facts.role_limit, "the role's CONNECTION LIMIT");
    narrow(facts.database_limit, "the database's CONNECTION LIMIT");
    const std::string sum = counted(demand.processes, "process", "processes") + " with up to " +
                            counted(demand.size, "connection") + " each";
    run.see(sum + ", " + std::to_string(limit) + " allowed, " + std::to_string(facts.pool_connections) +
            " open, " + std::to_string(facts.other_connections) + " of others");
    const std::string remedy =
        "lower database_pool.size and database_pool.overflow, run fewer processes, or raise the server's "
        "limit";
    if (wanted > limit) {
        run.add(Severity::warning, ErrorCode::pool_exhausted, "too_large",
                sum + " may open " + std::to_string(wanted) + ", and the server allows " +
                    std::to_string(limit) + " (" + of + ")",
                remedy);
    } else if (facts.other_connections + wanted > for_all) {
        run.add(Severity::warning, ErrorCode::pool_exhausted, "crowded",
                counted(facts.other_connections, "connection") + " of others and up to " +
                    std::to_string(wanted) + " of findme's are more than the server's " +
                    std::to_string(for_all),
                remedy);
    }
    // Only a lower bound is to be seen: a pool at rest holds fewer than it may.
    if (facts.pool_connections > wanted) {
        run.add(Severity::warning, ErrorCode::config_invalid, "more_processes",
                "findme has " + counted(facts.pool_connections, "connection") + " open, more than " + sum +
                    " account for",
                "say with database_pool.processes how many processes run at once");
    }
}

void judge_server_care(CheckRun& run, const store::ServerFacts& facts) {
    run.see("PostgreSQL " + facts.version + ", " + std::to_string(facts.transaction_age) +
            " transactions since the last freeze");
    const auto warn = [&](std::string_view name, std::string message, std::string remedy) {
        run.add(Severity::warning, ErrorCode::store_corrupt, name, std::move(message), std::move(remedy));
    };
    if (!facts.fsync) {
        warn("fsync_off", "the server runs with fsync off: a power cut may destroy the database",
             "set fsync to on in postgresql.conf and reload the server");
    }
    if (!facts.full_page_writes) {
        warn("full_page_writes_off",
             "the server runs with full_page_writes off: a power cut may leave torn pages",
             "set full_page_writes to on in postgresql.conf and reload the server");
    }
    if (!facts.autovacuum) {
        warn("autovacuum_off", "the server runs without autovacuum: tables grow and slow down",
             "set autovacuum to on in postgresql.conf and reload the server");
    }
    if (!facts.tables_without_autovacuum.empty()) {
        warn("table_autovacuum_off",
             "autovacuum is switched off for " + joined(facts.tables_without_autovacuum),
             "reset autovacuum_enabled with ALTER TABLE ... RESET (autovacuum_enabled)");
    }
    if (facts.transaction_age > kOldTransactions) {
        warn("wraparound",
             "the oldest rows are " + std::to_string(facts.transaction_age) +
                 " transactions old: near two thousand million the server takes no more writes",
             "run VACUUM (FREEZE) in this database, and see what keeps autovacuum from it");
    }
}

void check_sequences(CheckRun& run, db::Connection& connection) {
    const auto behind = store::sequences_behind(connection);
    run.see(counted(std::ssize(behind), "sequence") + " behind its table");
    for (const store::SequenceBehind& sequence : behind) {
        run.add(Severity::error, ErrorCode::constraint, "behind",
                "the next id of " + sequence.table + " is " + std::to_string(sequence.next) +
                    ", and ids up to " + std::to_string(sequence.highest) +
                    " are taken: new rows are refused",
                "`findme doctor --fix` moves the sequence " + sequence.sequence + " on",
                [&] { store::move_sequence_on(connection, sequence); });
    }
}

void judge_clock(CheckRun& run, const ClockReading& reading) {
    // The answer was made somewhere between the two: only what lies beyond both is a difference.
    const auto difference = std::max(
        {reading.before - reading.database, reading.database - reading.after, std::chrono::milliseconds{0}});
    run.see("differs from the database's by " + std::to_string(difference.count()) + " ms at least");
    if (difference <= kClockSkew) return;
    run.add(Severity::warning, ErrorCode::internal, "skew",
            "this machine's clock and the database's differ by " + std::to_string(difference.count() / 1000) +
                " s: tokens and retention end by the one, file times and logs go by the other",
            "let both machines follow a time server (timedatectl set-ntp true)");
}

}  // namespace findme::ops
