#pragma once

#include <chrono>
#include <vector>

#include "db/connection.hpp"
#include "findme/ingest.hpp"
#include "ingest/photo_work.hpp"

namespace findme::ingest {

/// Commits finished photos in batches and tells the observer only of what is committed. One thread at a time.
class BatchWriter {
  public:
    BatchWriter(db::Connection& connection, Event event, ModelId model, bool reindex, IndexObserver& observer)
        : connection_(connection),
          event_(std::move(event)),
          model_(std::move(model)),
          reindex_(reindex),
          observer_(observer) {}

    void add(PhotoWork work, std::int64_t total);
    /// Commits what is left.
    void flush();
    [[nodiscard]] IndexSummary& summary() { return summary_; }

  private:
    void make_duplicate_if_known(PhotoWork& work);
    void save_known_path(PhotoWork& work);
    void report(const IndexItem& item);

    db::Connection& connection_;
    Event event_;
    ModelId model_;
    bool reindex_;
    IndexObserver& observer_;
    std::vector<PhotoWork> waiting_;
    std::chrono::steady_clock::time_point last_flush_ = std::chrono::steady_clock::now();
    IndexProgress progress_;
    IndexSummary summary_;
};

}  // namespace findme::ingest
