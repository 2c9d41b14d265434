#include "ingest/photo_source.hpp"

#include <utility>

#include "db/retry.hpp"
#include "store/photo_repository.hpp"

namespace findme::ingest {

PhotoSource::PhotoSource(const IndexRequest& request, ModelId model, db::Database& database)
    : request_(request),
      model_(std::move(model)),
      database_(database),
      scanner_(request.paths, request.more_paths) {}

std::optional<PhotoWork> PhotoSource::next() {
    if (request_.stop.stop_requested()) {
        stopped_ = true;
        return std::nullopt;
    }
    auto found = scanner_.next();
    if (!found) return std::nullopt;
    PhotoWork work;
    work.item.path = std::move(found->path);
    work.stat = found->stat;
    if (found->failed || found->ignored) {
        work.item.outcome = found->failed ? IndexOutcome::failed : IndexOutcome::ignored;
        work.item.error = found->failed ? std::move(found->failed) : std::move(found->ignored);
    } else if (is_unchanged(work)) {
        work.item.outcome = IndexOutcome::unchanged;
    } else {
        work.wanted = !request_.dry_run;
    }
    return work;
}

bool PhotoSource::is_unchanged(const PhotoWork& work) {
    if (request_.reindex) return false;
    const auto known = db::fetch_retrying(database_, [&](db::Connection& connection) {
        return store::PhotoRepository(connection).find_path(request_.event.id, work.item.path, model_);
    });
    return known && known->indexed && known->size_bytes == work.stat.size_bytes &&
           known->mtime_ns == work.stat.mtime_ns;
}

}  // namespace findme::ingest
