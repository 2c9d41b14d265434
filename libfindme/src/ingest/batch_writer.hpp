#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <vector>

#include "db/connection.hpp"
#include "findme/ingest.hpp"
#include "ingest/photo_source.hpp"
#include "ingest/photo_work.hpp"

namespace findme::ingest {

/// Commits finished photos in batches and tells the observer only of what is committed. One thread at a time.
class BatchWriter {
  public:
    /// @param work_again  works on a photo from the start, on the calling thread.
    BatchWriter(db::Database& database, PhotoSource& source, Event event, ModelId model, bool reindex,
                IndexObserver& observer, std::function<void(PhotoWork&)> work_again)
        : database_(database),
          source_(source),
          event_(std::move(event)),
          model_(std::move(model)),
          reindex_(reindex),
          observer_(observer),
          work_again_(std::move(work_again)) {}

    /// @param flush_now  commit and report at once: nothing else is on its way.
    void add(PhotoWork work, bool flush_now);
    /// Commits what is left, and tells how far the run is.
    void flush();
    [[nodiscard]] IndexSummary& summary() { return summary_; }

  private:
    /// Records with the works they come from, in their order.
    struct Batch {
        std::vector<store::PhotoRecord> records;
        std::vector<PhotoWork*> works;
    };

    void save(Batch& batch);
    void make_duplicate_if_known(PhotoWork& work);
    /// @return false when its photo was gone, and it was worked on again.
    bool save_known_path(PhotoWork& work);
    /// Whoever forgets a photo takes its file out of the folder first: a run that had read it by then must
    /// not bring its faces back.
    static void drop_if_taken_away(PhotoWork& work);
    /// Of a shared run: a file that could not be read is tried again later, by whoever comes.
    void put_off(PhotoWork& work);
    void report(const IndexItem& item);

    db::Database& database_;
    PhotoSource& source_;
    Event event_;
    ModelId model_;
    bool reindex_;
    IndexObserver& observer_;
    std::function<void(PhotoWork&)> work_again_;
    std::set<ContentHash> reindexed_;  ///< With --reindex only: bytes saved in this run.
    std::vector<PhotoWork> waiting_;
    std::chrono::steady_clock::time_point last_flush_ = std::chrono::steady_clock::now();
    IndexProgress progress_;
    IndexSummary summary_;
};

}  // namespace findme::ingest
