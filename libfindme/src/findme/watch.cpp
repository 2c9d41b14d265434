#include <algorithm>
#include <chrono>
#include <map>
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
    if (request.reindex || request.dry_run || request.shared || request.more_paths || request.paths.empty()) {
        throw Error(
            ErrorCode::invalid_argument,
            "only folders can be watched, and only for what is new: name one or more, and nothing else");
    }
}

/// Passes on what is new. A walk meets everything again every few minutes: what is known or ignored was told
/// of by the first one, and a file that fails is told of once for each reason.
class NewsOnly final : public IndexObserver {
  public:
    explicit NewsOnly(IndexObserver& observer) : observer_(observer) {}

    void on_item(const IndexItem& item) override {
        if (!is_news(item)) return;
        count(item);
        observer_.on_item(item);
    }
    void on_progress(const IndexProgress& progress) override { observer_.on_progress(progress); }

    void begin_walk() {
        walking_ = true;
        failed_in_walk_.clear();
    }
    /// @param cancelled  in the middle: what was not met may still be there.
    void end_walk(bool cancelled) {
        walking_ = false;
        if (cancelled) return;
        has_walked_ = true;
        // What is gone, or is good by now, is forgotten: this does not grow with the time.
        failed_ = std::move(failed_in_walk_);
    }

    [[nodiscard]] const IndexSummary& summary() const { return summary_; }

  private:
    bool is_news(const IndexItem& item) {
        if (item.outcome == IndexOutcome::failed && item.error) {
            failed_in_walk_[item.path] = item.error->message;
            const bool repeated =
                std::exchange(failed_[item.path], item.error->message) == item.error->message;
            return !(walking_ && repeated);
        }
        return !has_walked_ ||
               (item.outcome != IndexOutcome::unchanged && item.outcome != IndexOutcome::ignored);
    }

    void count(const IndexItem& item) {
        switch (item.outcome) {
            case IndexOutcome::indexed:
                ++summary_.indexed;
                summary_.faces += item.faces;
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
                break;
        }
    }

    IndexObserver& observer_;
    IndexSummary summary_;
    std::map<std::string, std::string> failed_;  ///< Path, and why.
    std::map<std::string, std::string> failed_in_walk_;
    bool walking_ = false;
    bool has_walked_ = false;
};

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
        : findme_(findme), request_(request), observer_(observer), news_(observer), watcher_(request.paths) {}

    IndexSummary run() {
        while (!request_.stop.stop_requested()) {
            try {
                look();
                delay_ = kFirstDelay;
            } catch (const Error& error) {
                if (error.info().retry == Retry::no) throw;
                observer_.on_delay(error.info());
                be_patient();
                delay_ = std::min(delay_ * 2, kLongestDelay);
                next_walk_ = steady_clock::now();
            }
        }
        IndexSummary summary = news_.summary();
        summary.cancelled = cancelled_;
        return summary;
    }

  private:
    /// For the whole delay, however much comes meanwhile: it is met by the walk.
    void be_patient() {
        const auto until = steady_clock::now() + delay_;
        for (auto now = steady_clock::now(); now < until && !request_.stop.stop_requested();
             now = steady_clock::now()) {
            static_cast<void>(
                watcher_.wait(std::chrono::ceil<std::chrono::milliseconds>(until - now), request_.stop));
        }
    }

    void look() {
        if (steady_clock::now() >= next_walk_) {
            news_.begin_walk();
            cancelled_ = findme_.index(request_, news_).cancelled;
            news_.end_walk(cancelled_);
            next_walk_ = steady_clock::now() + kWalkEvery;
            if (!std::exchange(following_, true) && !cancelled_) observer_.on_following();
        }
        const auto patience = std::chrono::ceil<std::chrono::milliseconds>(next_walk_ - steady_clock::now());
        auto changes = watcher_.wait(std::max(patience, std::chrono::milliseconds{0}), request_.stop);
        if (changes.overflowed) next_walk_ = steady_clock::now();
        // Also what was taken away again in the meantime.
        std::erase_if(changes.files, [](const std::string& file) { return !ingest::is_photo(file); });
        if (!changes.files.empty())
            cancelled_ = findme_.index(request_of(request_, changes.files), news_).cancelled;
    }

    Findme& findme_;
    const IndexRequest& request_;
    IndexObserver& observer_;
    NewsOnly news_;
    ingest::FolderWatcher watcher_;
    bool cancelled_ = false;
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
