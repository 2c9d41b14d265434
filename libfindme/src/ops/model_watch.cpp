#include "ops/model_watch.hpp"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <utility>

#include "base/file.hpp"

namespace findme::ops {

namespace {

/// What tells one version of a file from another without reading it.
struct Version {
    std::string path;
    std::int64_t size_bytes = 0;
    std::int64_t mtime_ns = 0;
    bool operator==(const Version&) const = default;
};

}  // namespace

struct ModelWatch::State {
    struct Watched {
        ModelCheck check;
        std::optional<Version> seen;  ///< When it was hashed; nothing where there was no file.
        bool looked_at = false;
    };

    State(const std::vector<ModelFile>& files, std::vector<std::string> folders_in, Check check_in)
        : folders(std::move(folders_in)), check(std::move(check_in)) {
        for (const ModelFile& file : files) {
            Watched watched;
            watched.check.model = file;
            models.push_back(std::move(watched));
        }
    }

    void look() {
        for (Watched& watched : models) look_at(watched);
        const std::lock_guard lock(mutex);
        std::vector<ModelCheck> checks;
        for (const Watched& watched : models) checks.push_back(watched.check);
        known = std::move(checks);
        looked.notify_all();
    }

    std::vector<std::string> folders;
    Check check;
    std::vector<Watched> models;  ///< The watching thread's own.
    mutable std::mutex mutex;
    mutable std::condition_variable looked;
    std::optional<std::vector<ModelCheck>> known;

  private:
    [[nodiscard]] std::optional<Version> version_of(const ModelFile& file) const {
        for (const std::string& folder : folders) {
            std::string path = folder + "/" + file.file;
            if (const auto found = base::stat_regular_file(path))
                return Version{std::move(path), found->size_bytes, found->mtime_ns};
        }
        return std::nullopt;
    }

    void look_at(Watched& watched) const {
        // Before it is read: what changes meanwhile is seen the next time.
        auto now = version_of(watched.check.model);
        if (std::exchange(watched.looked_at, true) && now == watched.seen) return;
        watched.seen = std::move(now);
        try {
            watched.check = check(watched.check.model);
        } catch (const std::exception&) {
            // There, and cannot be read.
            watched.check.state = ModelState::missing;
            watched.looked_at = false;
        }
    }
};

ModelWatch::ModelWatch(const std::vector<ModelFile>& files, std::vector<std::string> folders, Check check,
                       std::chrono::milliseconds pause)
    : state_(std::make_shared<State>(files, std::move(folders), std::move(check))),
      repeater_([state = state_, pause] {
          state->look();
          return pause;
      }) {}

std::optional<std::vector<ModelCheck>> ModelWatch::reading() const {
    const std::lock_guard lock(state_->mutex);
    return state_->known;
}

bool ModelWatch::wait(std::chrono::milliseconds patience) const {
    std::unique_lock lock(state_->mutex);
    return state_->looked.wait_for(lock, patience, [&] { return state_->known.has_value(); });
}

}  // namespace findme::ops
