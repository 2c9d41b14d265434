#pragma once

#include <cstddef>

#include "db/connection.hpp"
#include "face/face_analyser.hpp"
#include "findme/clock.hpp"
#include "findme/config.hpp"
#include "findme/ingest.hpp"

namespace findme::ingest {

/// What a run works with. Borrowed.
struct IndexerParts {
    db::Database& database;
    const face::FaceAnalyser* analyser = nullptr;  ///< Not needed by a dry run.
    const Clock& clock;
    const Config& config;
    ModelId model;
};

/// How many photos are worked on at once: as asked for, else as configured; 0 of either is one per core.
[[nodiscard]] std::size_t job_count(const IndexRequest& request, const Config& config);

/// Walks, works on photos in parallel, writes in the order of the walk: the rows are the same for any number
/// of jobs.
/// @errors see Findme::index.
IndexSummary index_photos(const IndexRequest& request, const IndexerParts& parts, IndexObserver& observer);

}  // namespace findme::ingest
