#include "ingest/walk_source.hpp"

#include <utility>

#include "db/retry.hpp"
#include "store/photo_repository.hpp"

namespace findme::ingest {

PhotoWork work_of(ScanItem found) {
    PhotoWork work;
    work.item.path = std::move(found.path);
    work.stat = found.stat;
    if (found.failed || found.ignored) {
        work.item.outcome = found.failed ? IndexOutcome::failed : IndexOutcome::ignored;
        work.item.error = found.failed ? std::move(found.failed) : std::move(found.ignored);
    }
    return work;
}

WalkSource::WalkSource(const IndexRequest& request, ModelId model, db::Database& database)
    : request_(request),
      model_(std::move(model)),
      database_(database),
      scanner_(request.paths, request.more_paths),
      total_(request.more_paths ? 0 : count_files(request.paths, request.stop)) {}

std::optional<PhotoWork> WalkSource::next() {
    if (request_.stop.stop_requested()) {
        stopped_ = true;
        return std::nullopt;
    }
    auto found = scanner_.next();
    if (!found) return std::nullopt;
    PhotoWork work = work_of(std::move(*found));
    if (work.item.error) return work;
    if (is_unchanged(work)) {
        work.item.outcome = IndexOutcome::unchanged;
    } else {
        work.wanted = !request_.dry_run;
    }
    return work;
}

bool WalkSource::is_unchanged(const PhotoWork& work) {
    if (request_.reindex) return false;
    const auto known = db::fetch_retrying(database_, [&](db::Connection& connection) {
        return store::PhotoRepository(connection).find_path(request_.event.id, work.item.path, model_);
    });
    return known && known->indexed && known->size_bytes == work.stat.size_bytes &&
           known->mtime_ns == work.stat.mtime_ns;
}

}  // namespace findme::ingest
