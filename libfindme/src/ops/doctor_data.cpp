#include "ops/doctor_data.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/text.hpp"
#include "findme/audit.hpp"
#include "findme/event.hpp"
#include "ops/doctor_mend.hpp"
#include "store/doctor_repository.hpp"
#include "store/event_repository.hpp"
#include "store/token_repository.hpp"

namespace findme::ops {
namespace {

constexpr std::size_t kNamed = 5;
/// As `findme token prune` keeps them.
constexpr std::chrono::hours kKeptTokens{24 * 30};
constexpr std::chrono::seconds kFutureSlack{2};
constexpr std::int64_t kMuchFreeBytes = std::int64_t{64} << 20U;

/// The first few, and how many more.
std::string named(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
        text += (text.empty() ? "" : ", ") + names[i];
    if (names.size() > kNamed) text += " and " + std::to_string(names.size() - kNamed) + " more";
    return text;
}

/// @param is_whole  whether nothing is missing that a backup may bring back, and these rows belong to.
void add_orphans(CheckRun& run, const Rows& rows, const store::OrphanRule& rule, std::int64_t count,
                 bool is_whole) {
    const std::string table(rule.table);
    const std::string what = counted(count, "row") + " of " + table + " (" + std::string(rule.column) + ") " +
                             (count == 1 ? "names" : "name") + " what is not in " + std::string(rule.parent);
    if (!rule.derived) {
        return run.add(
            Severity::error, ErrorCode::store_corrupt, table,
            what + " any more: foreign keys were switched off, or the database was restored in part",
            "restore what is missing from a backup, or remove the rows by hand");
    }
    if (!is_whole) {
        return run.add(Severity::warning, ErrorCode::store_corrupt, table, what + " any more",
                       "restore what is missing first, these rows may belong to it; `findme doctor --fix` "
                       "removes what is left over then");
    }
    run.add(Severity::warning, ErrorCode::store_corrupt, table, what + " any more; nobody can see them",
            "`findme doctor --fix` removes them", [&] {
                mend_rows(rows.connection, "orphans." + table, [&](db::Connection& connection) {
                    return store::delete_orphans(connection, rule);
                });
            });
}

/// What was deleted may have been of a face: its bytes are to go, too.
void scrub_deleted(CheckRun& run, const Rows& rows) {
    const auto& findings = run.findings();
    const bool deleted =
        std::any_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.fixed; });
    if (!deleted || rows.connection.scrub()) return;
    run.add(Severity::warning, ErrorCode::store_locked, "not_scrubbed",
            "what was removed is still in the database's files: another process reads the database",
            "end that process, then run `findme doctor --fix` again");
}

}  // namespace

void check_orphans(CheckRun& run, const Rows& rows) {
    std::int64_t found = 0;
    bool is_whole = true;
    std::vector<std::int64_t> counts;
    for (const store::OrphanRule& rule : store::orphan_rules()) {
        counts.push_back(store::count_orphans(rows.connection, rule));
        found += counts.back();
        is_whole = is_whole && (rule.derived || counts.back() == 0);
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] > 0) add_orphans(run, rows, store::orphan_rules()[i], counts[i], is_whole);
    }
    scrub_deleted(run, rows);
    const std::int64_t bare = store::count_faces_without_template(rows.connection);
    if (bare > 0) {
        run.add(
            Severity::error, ErrorCode::store_corrupt, "faces_without_template",
            counted(bare, "face") + " without a template: nobody is found by " + (bare == 1 ? "it" : "them"),
            "index the photos again with `findme index --reindex`");
    }
    run.see(counted(found, "row") + " without what they belong to");
}

void check_retention(CheckRun& run, const Rows& rows) {
    const Timestamp now = rows.connection.now();
    const auto events = store::EventRepository(rows.connection).list();
    std::vector<std::string> overdue;
    std::vector<std::string> undecided;
    for (const Event& event : events) {
        if (event.is_undecided()) undecided.push_back(std::to_string(event.id.value));
        if (event.is_expired(now) && !event.purged_at) overdue.push_back(std::to_string(event.id.value));
    }
    run.see(counted(std::ssize(events), "event"));
    if (!undecided.empty()) {
        run.add(Severity::warning, ErrorCode::retention_undecided, "undecided",
                "nobody has decided how long faces are kept of " + counted(std::ssize(undecided), "event") +
                    ", which " + (undecided.size() == 1 ? "is" : "are") +
                    " neither purged nor matched: event " + named(undecided),
                "set it with `findme event update CODE --retention-days DAYS`");
    }
    if (overdue.empty()) return;
    run.add(Severity::warning, ErrorCode::retention_expired, "overdue",
            counted(std::ssize(overdue), "event") + " past retention still " +
                (overdue.size() == 1 ? "holds" : "hold") + " faces or may do so: event " + named(overdue),
            "run `findme event purge --expired`, every night at best");
}

void check_consents(CheckRun& run, const Rows& rows) {
    std::vector<std::string> ids;
    for (const std::int64_t id : store::selfies_without_consent(rows.connection))
        ids.push_back(std::to_string(id));
    run.see(ids.empty() ? "every selfie has one" : counted(std::ssize(ids), "selfie") + " without");
    if (ids.empty()) return;
    run.add(Severity::error, ErrorCode::store_corrupt, "missing",
            counted(std::ssize(ids), "selfie") + " without its owner's consent: selfie " + named(ids),
            "restore the consents from a backup, or remove the selfies with `findme user selfie remove`");
}

void check_tokens(CheckRun& run, const Rows& rows) {
    const Timestamp before = rows.connection.now() - kKeptTokens;
    const std::int64_t ended = store::count_tokens_ended(rows.connection, before);
    run.see(ended == 0 ? "none that ended long ago" : counted(ended, "token") + " to prune");
    if (ended == 0) return;
    run.add(Severity::warning, ErrorCode::token_refused, "not_pruned",
            counted(ended, "token") + " ended more than 30 days ago and " + (ended == 1 ? "is" : "are") +
                " still kept",
            "run `findme token prune`, every night at best", [&] {
                mend_rows(rows.connection, "tokens.not_pruned", [&](db::Connection& connection) {
                    return store::TokenRepository(connection).prune(before);
                });
            });
}

void check_audit(CheckRun& run, const Rows& rows) {
    const AuditCheck check = Audit(rows.database).verify();
    run.see("whole up to entry " + std::to_string(check.head.id));
    if (check.good()) return;
    run.add(Severity::error, ErrorCode::store_corrupt, "broken", check.damage,
            "find out who changed it, and restore the audit from a backup; see `findme audit verify`");
}

void check_times(CheckRun& run, const Rows& rows) {
    for (const auto& found : store::times_after(rows.connection, rows.connection.now() + kFutureSlack)) {
        run.add(Severity::warning, ErrorCode::internal, "future",
                counted(found.rows, "row") + " with a time in the future in " + found.column +
                    ": a clock was wrong when " + (found.rows == 1 ? "it was" : "they were") + " written",
                "set the clocks right; what depends on the time counts from then on");
    }
}

void check_file_content(CheckRun& run, const Rows& rows) {
    const store::FileFacts facts = store::read_file_facts(rows.connection);
    run.see(std::to_string(facts.size_bytes >> 10U) + " KiB, " + std::to_string(facts.free_bytes >> 10U) +
            " KiB of them free");
    if (!facts.damage.empty()) {
        run.add(
            Severity::error, ErrorCode::store_corrupt, "damaged",
            "the database file is damaged: SQLite says " + base::quoted(facts.damage.front()) +
                (facts.damage.size() > 1 ? " and " + std::to_string(facts.damage.size() - 1) + " things more"
                                         : ""),
            "restore it from a backup; `sqlite3 FILE .recover` may save what is newer");
    }
    if (facts.free_bytes > kMuchFreeBytes && facts.free_bytes > facts.size_bytes / 2) {
        run.add(Severity::note, ErrorCode::store_full, "free_pages",
                "more than half of the database file is free space",
                "give it back with VACUUM (sqlite3 FILE VACUUM) while nobody else works");
    }
}

}  // namespace findme::ops
