#include "ingest/batch_writer.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.hpp"
#include "db/retry.hpp"
#include "store/job_repository.hpp"
#include "store/photo_repository.hpp"

namespace findme::ingest {
namespace {
constexpr std::size_t kBatchPhotos = 64;
constexpr std::chrono::milliseconds kBatchTime{500};
/// Twice as long after every attempt.
constexpr std::chrono::milliseconds kFirstDelay{500};
constexpr int kMostLooks = 3;
}  // namespace

void BatchWriter::add(PhotoWork work, bool flush_now) {
    waiting_.push_back(std::move(work));
    const bool due = std::chrono::steady_clock::now() - last_flush_ >= kBatchTime;
    if (flush_now || due || waiting_.size() >= kBatchPhotos) flush();
}

void BatchWriter::flush() {
    last_flush_ = std::chrono::steady_clock::now();
    Batch batch;
    // Two equal files may have been worked on at the same time: the first in the order of the walk is the
    // photo.
    for (auto& work : waiting_) {
        if (work.record && work.record->status == PhotoStatus::done) {
            const bool repeated =
                std::any_of(batch.records.begin(), batch.records.end(), [&](const auto& earlier) {
                    return earlier.status == PhotoStatus::done && earlier.hash == work.record->hash;
                });
            if (repeated) save(batch);
            if (repeated || !reindex_ || reindexed_.contains(work.record->hash))
                make_duplicate_if_known(work);
        }
        if (work.known) {
            save(batch);
            // What is found missing is worked on again, and may be known again by then.
            for (int looks = 0; work.known && looks < kMostLooks && !save_known_path(work); ++looks) continue;
        }
        drop_if_taken_away(work);
        if (work.record) {
            if (reindex_) reindexed_.insert(work.record->hash);
            work.record->claim = work.claim;
            batch.records.push_back(std::move(*work.record));
            batch.works.push_back(&work);
        } else if (work.claim && work.item.outcome == IndexOutcome::failed) {
            put_off(work);
        }
    }
    save(batch);
    for (const auto& work : waiting_) {
        source_.on_ended(work);
        if (work.ours) report(work.item);
    }
    waiting_.clear();
    source_.measure(progress_);
    observer_.on_progress(progress_);
}

void BatchWriter::save(Batch& batch) {
    if (batch.records.empty()) return;
    std::vector<std::size_t> not_saved;
    int tries = 0;
    // Keyed by event and bytes: done twice it makes the same rows.
    db::run_retrying(
        database_,
        [&](db::Connection& connection) {
            const bool again = tries++ > 0;
            store::PhotoRepository photos(connection);
            not_saved = photos.save(batch.records);
            // Claims that ended in a commit whose answer was lost no longer hold either.
            if (again)
                std::erase_if(not_saved, [&](std::size_t i) { return photos.was_saved(batch.records[i]); });
        },
        db::IfInDoubt::repeat);
    for (const std::size_t i : not_saved) batch.works[i]->ours = false;
    batch = Batch();
}

void BatchWriter::make_duplicate_if_known(PhotoWork& work) {
    work.known = db::fetch_retrying(database_, [&](db::Connection& connection) {
        return store::PhotoRepository(connection).find_indexed(event_.id, work.record->hash, model_);
    });
    if (!work.known) return;
    work.record.reset();
    work.item.outcome = IndexOutcome::duplicate;
    work.item.faces = 0;
}

bool BatchWriter::save_known_path(PhotoWork& work) {
    const store::PathVersion path{work.item.path, work.stat.size_bytes, work.stat.mtime_ns};
    int tries = 0;
    const auto outcome = db::fetch_retrying(
        database_,
        [&](db::Connection& connection) {
            const bool again = tries++ > 0;
            store::PhotoRepository photos(connection);
            const auto saved =
                photos.save_path(event_.id, *work.known, path, work.claim ? &*work.claim : nullptr);
            if (!again || saved != store::PathOutcome::claim_lost) return saved;
            // Perhaps by a commit whose answer was lost.
            const auto there = photos.find_path(event_.id, path.path, model_);
            return there && there->photo == *work.known ? store::PathOutcome::saved : saved;
        },
        db::IfInDoubt::repeat);
    switch (outcome) {
        case store::PathOutcome::saved:
            break;
        case store::PathOutcome::claim_lost:
            work.ours = false;
            break;
        case store::PathOutcome::photo_gone:
            // Its photo lost its last path a moment ago: files that swap or shift their names do that. It is
            // a new one now.
            work.known.reset();
            work_again_(work);
            return false;
    }
    return true;
}

void BatchWriter::drop_if_taken_away(PhotoWork& work) {
    struct stat now {};
    if (!work.record || ::lstat(work.item.path.c_str(), &now) == 0 || errno != ENOENT) return;
    work.record.reset();
    work.item.outcome = IndexOutcome::failed;
    work.item.faces = 0;
    work.item.error = ErrorInfo{
        ErrorCode::file_unreadable,
        "cannot index " + base::quoted(work.item.path) + ": it was taken away while it was worked on",
        work.item.path};
}

void BatchWriter::put_off(PhotoWork& work) {
    const std::int64_t attempt = work.claim->attempt;
    const std::string& why = work.item.error->message;
    int tries = 0;
    db::run_retrying(
        database_,
        [&](db::Connection& connection) {
            const bool again = tries++ > 0;
            store::JobRepository jobs(connection);
            if (attempt >= store::kMostAttempts) {
                work.ours = jobs.give_up(*work.claim, why) || again;
            } else {
                static_cast<void>(jobs.postpone(*work.claim, kFirstDelay * (1 << attempt), why));
                work.ours = false;
            }
        },
        db::IfInDoubt::repeat);
}

void BatchWriter::report(const IndexItem& item) {
    switch (item.outcome) {
        case IndexOutcome::indexed:
            ++summary_.indexed;
            break;
        case IndexOutcome::duplicate:
            ++summary_.duplicate;
            break;
        case IndexOutcome::unchanged:
            ++summary_.unchanged;
            break;
        case IndexOutcome::failed:
            ++summary_.failed;
            break;
        case IndexOutcome::ignored:
            ++summary_.ignored;
            break;
        case IndexOutcome::pending:
            ++summary_.pending;
            break;
    }
    summary_.faces += item.faces;
    ++progress_.done;
    progress_.faces = summary_.faces;
    progress_.failed = summary_.failed;
    observer_.on_item(item);
}

}  // namespace findme::ingest
