#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "findme/error.hpp"
#include "findme/findme.hpp"
#include "ingest/folder_watcher.hpp"
#include "ingest/scanner.hpp"

namespace findme {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

/// Between two walks over everything: for what another machine wrote, which nothing tells us of.
constexpr seconds kWalkEvery{300};
constexpr seconds kFirstDelay{1};
constexpr seconds kLongestDelay{30};

void require_watchable(const IndexRequest& request) {
    if (request.reindex || request.dry_run || request.more_paths || request.paths.empty()) {
        throw Error(
            ErrorCode::invalid_argument,
            "only folders can be watched, and only for what is new: name one or more, and nothing else");
    }
}

void add(IndexSummary& all, const IndexSummary& part) {
    all.indexed += part.indexed;
    all.duplicate += part.duplicate;
    all.unchanged += part.unchanged;
    all.failed += part.failed;
    all.ignored += part.ignored;
    all.faces += part.faces;
    all.cancelled = part.cancelled;
}

/// The same request for these files alone.
IndexRequest request_of(const IndexRequest& request, const std::vector<std::string>& files) {
    IndexRequest some = request;
    some.paths.clear();
    some.more_paths = [&files, next = std::size_t{0}]() mutable -> std::optional<std::string> {
        if (next == files.size()) return std::nullopt;
        return files[next++];
    };
    return some;
}

class Watch {
  public:
    Watch(Findme& findme, const IndexRequest& request, IndexObserver& observer)
        : findme_(findme), request_(request), observer_(observer), watcher_(request.paths) {}

    IndexSummary run() {
        while (!request_.stop.stop_requested()) {
            try {
                look();
                delay_ = kFirstDelay;
            } catch (const Error& error) {
                if (error.info().retry == Retry::no) throw;
                observer_.on_delay(error.info());
                // What comes meanwhile is met by the walk.
                static_cast<void>(watcher_.wait(delay_, request_.stop));
                delay_ = std::min(delay_ * 2, kLongestDelay);
                next_walk_ = steady_clock::now();
            }
        }
        return summary_;
    }

  private:
    void look() {
        if (steady_clock::now() >= next_walk_) {
            add(summary_, findme_.index(request_, observer_));
            next_walk_ = steady_clock::now() + kWalkEvery;
            if (!std::exchange(following_, true) && !summary_.cancelled) observer_.on_following();
        }
        const auto patience = std::chrono::ceil<std::chrono::milliseconds>(next_walk_ - steady_clock::now());
        auto changes = watcher_.wait(std::max(patience, std::chrono::milliseconds{0}), request_.stop);
        if (changes.overflowed) next_walk_ = steady_clock::now();
        // Also what was taken away again in the meantime.
        std::erase_if(changes.files, [](const std::string& file) { return !ingest::is_photo(file); });
        if (!changes.files.empty())
            add(summary_, findme_.index(request_of(request_, changes.files), observer_));
    }

    Findme& findme_;
    const IndexRequest& request_;
    IndexObserver& observer_;
    ingest::FolderWatcher watcher_;
    IndexSummary summary_;
    steady_clock::time_point next_walk_ = steady_clock::now();
    seconds delay_ = kFirstDelay;
    bool following_ = false;
};

}  // namespace

IndexSummary Findme::watch(const IndexRequest& request, IndexObserver& observer) {
    require_watchable(request);
    return Watch(*this, request, observer).run();
}

}  // namespace findme
