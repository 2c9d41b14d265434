#include "ingest/indexer.hpp"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "ingest/batch_writer.hpp"
#include "ingest/in_flight.hpp"
#include "ingest/photo_source.hpp"
#include "ingest/photo_work.hpp"
#include "ingest/queue_source.hpp"
#include "ingest/walk_source.hpp"

namespace findme {

std::string_view to_string(IndexOutcome outcome) noexcept {
    switch (outcome) {
        case IndexOutcome::indexed:
            return "indexed";
        case IndexOutcome::duplicate:
            return "duplicate";
        case IndexOutcome::unchanged:
            return "unchanged";
        case IndexOutcome::failed:
            return "failed";
        case IndexOutcome::ignored:
            return "ignored";
        case IndexOutcome::pending:
            return "pending";
    }
    return "pending";
}

}  // namespace findme

namespace findme::ingest {
namespace {

/// Photos between the walk and the writer, for each job: enough that no worker waits for the slowest photo.
constexpr std::size_t kPhotosInFlightPerJob = 4;

}  // namespace

std::size_t job_count(const IndexRequest& request, const Config& config) {
    const int asked_for = request.jobs.value_or(config.index_jobs);
    if (asked_for > 0) return static_cast<std::size_t>(asked_for);
    return static_cast<std::size_t>(std::max(tbb::info::default_concurrency(), 1));
}

namespace {

std::unique_ptr<PhotoSource> open_source(const IndexRequest& request, const IndexerParts& parts,
                                         std::size_t jobs) {
    if (!request.shared) return std::make_unique<WalkSource>(request, parts.model, parts.database);
    const std::chrono::seconds lease{parts.config.index_lease_s};
    return std::make_unique<QueueSource>(request, parts.model, parts.database,
                                         QueueOptions{static_cast<std::int64_t>(jobs), lease});
}

}  // namespace

IndexSummary index_photos(const IndexRequest& request, const IndexerParts& parts, IndexObserver& observer) {
    constexpr std::size_t kMebibyte = std::size_t{1} << 20U;
    ByteBudget budget(static_cast<std::size_t>(parts.config.index_memory_mib) * kMebibyte);
    std::optional<WorkContext> context;
    if (!request.dry_run) {
        context.emplace(WorkContext{request.event, parts.model, parts.config.image, request.reindex,
                                    *parts.analyser, parts.database, parts.clock, budget});
    }
    tbb::enumerable_thread_specific<face::Workspace> workspaces;
    const auto work_again = [&](PhotoWork& work) { work_on(work, *context, workspaces.local()); };

    const std::size_t jobs = job_count(request, parts.config);
    const auto source = open_source(request, parts, jobs);
    BatchWriter writer(parts.database, *source, request.event, parts.model, request.reindex, observer,
                       work_again);

    if (request.dry_run) {
        while (auto work = source->next()) writer.add(std::move(*work), false);
        writer.flush();
    } else {
        const bool is_stream = static_cast<bool>(request.more_paths);
        InFlight in_flight;
        const auto next_photo = [&](tbb::flow_control& flow) -> PhotoWork* {
            const InFlight::Border border(in_flight);
            if (auto work = source->next()) return in_flight.push(std::move(*work));
            flow.stop();
            return nullptr;
        };
        const auto analyse_photo = [&](PhotoWork* work) {
            const InFlight::Border border(in_flight);
            // Isolated: a vendor's parallel loop inside must not pick up another photo, whose memory would be
            // waited for while this one holds its own.
            tbb::this_task_arena::isolate([&] { work_on(*work, *context, workspaces.local()); });
            return work;
        };
        const auto write_photo = [&](const PhotoWork*) {
            const InFlight::Border border(in_flight);
            PhotoWork work = in_flight.pop();
            // Whoever sends paths one by one waits for the answer before the next.
            writer.add(std::move(work), is_stream && in_flight.empty());
        };
        const auto walk = tbb::make_filter<void, PhotoWork*>(tbb::filter_mode::serial_in_order, next_photo);
        const auto analyse =
            tbb::make_filter<PhotoWork*, PhotoWork*>(tbb::filter_mode::parallel, analyse_photo);
        const auto write = tbb::make_filter<PhotoWork*, void>(tbb::filter_mode::serial_in_order, write_photo);
        // Without this TBB keeps to the number of cores, and writes a warning to stderr when asked for more.
        const auto cores = static_cast<std::size_t>(std::max(tbb::info::default_concurrency(), 1));
        const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism,
                                          std::max(jobs, cores));
        tbb::task_arena arena(static_cast<int>(jobs));
        const auto pass = [&] {
            const InFlight::Border border(in_flight);
            arena.execute(
                [&] { tbb::parallel_pipeline(jobs * kPhotosInFlightPerJob, walk & analyse & write); });
        };
        do {
            pass();
            writer.flush();
        } while (source->go_on([&] { writer.flush(); }));
    }
    writer.summary().cancelled = source->stopped();
    return writer.summary();
}

}  // namespace findme::ingest
