#include "ingest/batch_writer.hpp"

#include <algorithm>
#include <utility>

#include "db/retry.hpp"
#include "store/photo_repository.hpp"

namespace findme::ingest {
namespace {
constexpr std::size_t kBatchPhotos = 64;
constexpr std::chrono::milliseconds kBatchTime{500};
}  // namespace

void BatchWriter::add(PhotoWork work, std::int64_t total, bool flush_now) {
    progress_.total = total;
    waiting_.push_back(std::move(work));
    const bool due = std::chrono::steady_clock::now() - last_flush_ >= kBatchTime;
    if (flush_now || due || waiting_.size() >= kBatchPhotos) flush();
}

void BatchWriter::flush() {
    last_flush_ = std::chrono::steady_clock::now();
    std::vector<store::PhotoRecord> records;
    const auto save_records = [&] {
        if (records.empty()) return;
        // Keyed by event and bytes: done twice it makes the same rows.
        db::run_retrying(
            database_, [&](db::Connection& connection) { store::PhotoRepository(connection).save(records); },
            db::IfInDoubt::repeat);
        records.clear();
    };
    // Two equal files may have been worked on at the same time: the first in the order of the walk is the
    // photo.
    for (auto& work : waiting_) {
        if (work.record && work.record->status == PhotoStatus::done) {
            const bool repeated = std::any_of(records.begin(), records.end(), [&](const auto& earlier) {
                return earlier.status == PhotoStatus::done && earlier.hash == work.record->hash;
            });
            if (repeated) save_records();
            if (repeated || !reindex_ || reindexed_.contains(work.record->hash))
                make_duplicate_if_known(work);
        }
        if (work.known) {
            save_records();
            save_known_path(work);
        }
        if (work.record) {
            if (reindex_) reindexed_.insert(work.record->hash);
            records.push_back(std::move(*work.record));
        }
    }
    save_records();
    for (const auto& work : waiting_) report(work.item);
    waiting_.clear();
    observer_.on_progress(progress_);
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

void BatchWriter::save_known_path(PhotoWork& work) {
    const store::PathVersion path{work.item.path, work.stat.size_bytes, work.stat.mtime_ns};
    const bool saved = db::fetch_retrying(
        database_,
        [&](db::Connection& connection) {
            return store::PhotoRepository(connection).save_path(event_.id, *work.known, path);
        },
        db::IfInDoubt::repeat);
    if (saved) return;
    // Its photo lost its last path a moment ago: files that swap or shift their names do that. It is a new
    // one now.
    work.known.reset();
    work_again_(work);
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
