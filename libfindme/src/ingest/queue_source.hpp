#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/ingest.hpp"
#include "ingest/leases.hpp"
#include "ingest/photo_source.hpp"
#include "ingest/scanner.hpp"
#include "store/job_repository.hpp"

namespace findme::ingest {

struct QueueOptions {
    std::int64_t claim_photos = 1;  ///< Taken at once: what can be worked on now, and no more.
    std::chrono::seconds lease{60};
};

/// The queue that all shared runs of an event work from. Each run walks its folders and queues what is new,
/// and in between takes what is ready, by whomever it was queued, as far as it lies in its own folders. What
/// was tried before is taken one at a time, with nothing else at work: should it end this process, it takes
/// no innocent photo along. Borrows request and database.
class QueueSource final : public PhotoSource {
  public:
    /// @errors throws Error{invalid_argument} unless every path is a folder, and what Scanner throws.
    QueueSource(const IndexRequest& request, ModelId model, db::Database& database, QueueOptions options);
    QueueSource(const QueueSource&) = delete;
    QueueSource& operator=(const QueueSource&) = delete;
    /// Gives back what was taken and has not ended.
    ~QueueSource() override;

    /// @errors throws Error{not_found} when a folder is gone, or is another one than in the beginning.
    [[nodiscard]] std::optional<PhotoWork> next() override;
    [[nodiscard]] bool go_on(const std::function<void()>& meanwhile) override;
    void on_ended(const PhotoWork& work) override;
    void measure(IndexProgress& progress) override;
    [[nodiscard]] bool stopped() const override { return stopped_; }

  private:
    /// A folder that this run was given.
    struct Folder {
        std::string path;
        store::PathRange range;
        std::string from;  ///< Where the next claim begins to look.
        dev_t device = 0;
        ino_t inode = 0;
    };

    void add_folder(const std::filesystem::path& path);
    void require_folders() const;
    void walk_on();
    void report_dead(const DeadJob& dead);
    [[nodiscard]] bool claim_fresh();
    [[nodiscard]] bool claim_failed();
    [[nodiscard]] std::vector<store::Job> claim(const store::PathRange& range, store::JobKind kind,
                                                std::int64_t limit);
    void take(std::vector<store::Job> jobs);
    void bury();
    [[nodiscard]] store::JobCounts count();
    /// Gives back what was taken and not begun.
    void release_hand();
    [[nodiscard]] bool stop();

    const IndexRequest& request_;
    db::Database& database_;
    store::JobScope scope_;
    QueueOptions options_;
    std::string worker_;
    std::vector<Folder> folders_;  ///< None within another.
    Scanner scanner_;
    std::int64_t total_;
    bool walked_ = false;
    bool alone_ = false;           ///< What was tried before is at work.
    std::deque<PhotoWork> met_;    ///< On the walk: nothing to be done.
    std::deque<store::Job> hand_;  ///< Taken and not begun.
    std::atomic<bool> stopped_ = false;
    std::atomic<std::int64_t> seen_ = 0;  ///< Files, by the walk.
    Leases leases_;
    std::chrono::steady_clock::time_point next_count_{};
    store::JobCounts counts_;
    std::int64_t done_ = 0;  ///< Of what was seen, by whomever.
};

}  // namespace findme::ingest
