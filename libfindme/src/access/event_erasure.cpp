#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "access/clocks.hpp"
#include "access/journal.hpp"
#include "access/parts.hpp"
#include "db/retry.hpp"
#include "findme/event.hpp"
#include "store/erasure_repository.hpp"
#include "store/event_repository.hpp"

namespace findme {
namespace {

using store::Erasure;
using store::ErasureRepository;

/// Guests, or photos, of one transaction: a statement stays far below the time it may take, on slow disks
/// too.
constexpr std::int64_t kBatch = 1000;

[[noreturn]] void throw_gone() {
    throw Error(ErrorCode::not_found, "the event is no longer there: it was deleted already");
}

ErasureReceipt receipt_of(const Erasure& erasure) {
    ErasureReceipt receipt;
    for (const auto& [table, rows] : erasure.found) receipt.tables.push_back({table, rows, 0});
    receipt.dry_run = true;
    return receipt;
}

ErasureReceipt prove(db::Database& database, const Erasure& erasure) {
    return db::fetch_retrying(
        database, [&](db::Connection& connection) { return ErasureRepository(connection).prove(erasure); },
        db::IfInDoubt::repeat);
}

/// When the answer to a commit was lost, the next try may find that it was a yes: then its counts stand.
/// @return nothing when `remove` gave nothing: then nothing was changed.
template <typename Remove>
std::optional<Erasure> erase(const access::Parts& parts, EventId event, std::string_view action,
                             const Remove& remove) {
    std::optional<Erasure> erased;
    db::run_retrying(
        *parts.database,
        [&](db::Connection& connection) {
            db::Transaction transaction(connection, db::Access::write);
            if (!store::EventRepository(connection).hold(event)) {
                if (!erased) throw_gone();
                return;
            }
            std::optional<Erasure> found = remove(connection);
            if (!found || (erased && erased->total() > 0 && found->total() == 0)) return;
            erased = std::move(found);
            access::record(connection, parts, action, access::subject_of(event), counts_text(*erased));
            transaction.commit();
        },
        db::IfInDoubt::repeat);
    return erased;
}

/// Takes batches until only the last of them is left.
template <typename Remove>
void erase_batches(const access::Parts& parts, EventId event, const std::stop_token& stop, Erasure& all,
                   const Remove& remove) {
    for (;;) {
        if (stop.stop_requested())
            throw Error(ErrorCode::cancelled,
                        "stopped before all of the event was removed: the same command goes on");
        const auto work = [&](db::Connection& connection) {
            db::Transaction transaction(connection, db::Access::write);
            if (!store::EventRepository(connection).hold(event)) throw_gone();
            Erasure found = remove(connection);
            if (found.total() == 0) return found;
            access::record(connection, parts, "event.deleting", access::subject_of(event),
                           counts_text(found));
            transaction.commit();
            return found;
        };
        const Erasure batch = db::fetch_retrying(*parts.database, work, db::IfInDoubt::repeat);
        if (batch.total() == 0) return;
        all.add(batch);
    }
}

/// Those of which nobody has decided are among them: what they need stays.
std::vector<EventId> unexpired_events(db::Connection& connection, Timestamp now) {
    std::vector<EventId> unexpired;
    for (const Event& event : store::EventRepository(connection).list()) {
        if (!event.is_expired(now)) unexpired.push_back(event.id);
    }
    return unexpired;
}

enum class PurgeWhen { always, past_retention };

/// Judged in the very transaction that erases: somebody may have given the event more time since it was
/// listed.
std::optional<ErasureReceipt> purge_event(const access::Parts& parts, EventId event, PurgeWhen when) {
    access::require_agreed_clocks(parts);
    const auto erased =
        erase(parts, event, "event.purged", [&](db::Connection& connection) -> std::optional<Erasure> {
            const Timestamp now = connection.now();
            const auto unexpired = unexpired_events(connection, now);
            const bool has_time = std::find(unexpired.begin(), unexpired.end(), event) != unexpired.end();
            if (when == PurgeWhen::past_retention && has_time) return std::nullopt;
            Erasure purged = ErasureRepository(connection).purge(event, unexpired);
            store::EventRepository(connection).set_purged(event, now);
            return purged;
        });
    if (!erased) return std::nullopt;
    ErasureReceipt receipt = prove(*parts.database, *erased);
    receipt.subject = access::subject_of(event);
    access::report(parts, LogLevel::info, "event_purged", receipt.subject);
    return receipt;
}

}  // namespace

ErasureReceipt Events::remove(EventId event, DryRun dry_run, const std::stop_token& stop) {
    static_cast<void>(find(event));
    if (dry_run == DryRun::yes) {
        ErasureReceipt receipt =
            receipt_of(db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
                const db::Transaction transaction(connection, db::Access::read);
                return ErasureRepository(connection).look_at_event(event);
            }));
        receipt.subject = access::subject_of(event);
        return receipt;
    }
    access::require_agreed_clocks(*parts_);
    Erasure all;
    erase_batches(*parts_, event, stop, all, [&](db::Connection& connection) {
        return ErasureRepository(connection).remove_some_guests(event, kBatch);
    });
    erase_batches(*parts_, event, stop, all, [&](db::Connection& connection) {
        return ErasureRepository(connection).remove_some_photos(event, kBatch);
    });
    all.add(*erase(*parts_, event, "event.deleted", [&](db::Connection& connection) {
        return ErasureRepository(connection).remove_event(event);
    }));
    ErasureReceipt receipt = prove(*parts_->database, all);
    receipt.subject = access::subject_of(event);
    access::report(*parts_, LogLevel::info, "event_deleted", receipt.subject);
    return receipt;
}

ErasureReceipt Events::purge(EventId event, DryRun dry_run) {
    static_cast<void>(find(event));
    if (dry_run == DryRun::yes) {
        ErasureReceipt receipt =
            receipt_of(db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
                const db::Transaction transaction(connection, db::Access::read);
                return ErasureRepository(connection)
                    .look_at_purge(event, unexpired_events(connection, connection.now()));
            }));
        receipt.subject = access::subject_of(event);
        return receipt;
    }
    return *purge_event(*parts_, event, PurgeWhen::always);
}

std::optional<ErasureReceipt> Events::purge_expired(EventId event) {
    static_cast<void>(find(event));
    return purge_event(*parts_, event, PurgeWhen::past_retention);
}

std::vector<Event> Events::expired() {
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        const Timestamp now = connection.now();
        const auto unexpired = unexpired_events(connection, now);
        std::vector<Event> expired;
        auto all = store::EventRepository(connection).list();
        std::reverse(all.begin(), all.end());
        for (const Event& event : all) {
            if (!event.is_expired(now)) continue;
            if (ErasureRepository(connection).look_at_purge(event.id, unexpired).total() > 0)
                expired.push_back(event);
        }
        return expired;
    });
}

}  // namespace findme
