#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "findme/error.hpp"
#include "findme/event.hpp"
#include "findme/export.hpp"
#include "findme/ids.hpp"

namespace findme {

/// What became of one file.
enum class IndexOutcome {
    indexed,    ///< New bytes (or --reindex): faces and templates are in the database.
    duplicate,  ///< Bytes the event knows already; the path was added to their photo.
    unchanged,  ///< Same path, size and time as when it was indexed: not read again.
    failed,     ///< Could not be read or decoded; see the error.
    ignored,    ///< Not a photo, or a link that leaves the folder; see the error for why.
    pending,    ///< Dry run: would be read.
};

/// `indexed`, `duplicate`, `unchanged`, `failed`, `ignored`, `pending`.
FINDME_API std::string_view to_string(IndexOutcome outcome) noexcept;

struct IndexItem {
    std::string path;  ///< Absolute; bytes.
    IndexOutcome outcome = IndexOutcome::pending;
    std::optional<ContentHash> hash;  ///< When the file was read.
    int faces = 0;                    ///< Of an indexed photo.
    std::optional<ErrorInfo> error;   ///< Why it failed or was ignored.
};

struct IndexProgress {
    std::int64_t done = 0;
    std::int64_t total = 0;  ///< Files found by a first walk; 0 when paths come from a stream.
    std::int64_t faces = 0;
    std::int64_t failed = 0;
    std::int64_t elsewhere = 0;  ///< Of a shared run: photos that other runs are at work on.
};

struct IndexSummary {
    std::int64_t indexed = 0;
    std::int64_t duplicate = 0;
    std::int64_t unchanged = 0;
    std::int64_t failed = 0;
    std::int64_t ignored = 0;
    std::int64_t pending = 0;
    std::int64_t faces = 0;
    /// Guests whose selfies are all of another model: they are on no photo of this one.
    std::int64_t guests_left_out = 0;
    bool cancelled = false;  ///< Stopped early; running again goes on where it stopped.
};

/// Hears of every file, in the order of the walk, one call at a time; of a shared run, of those that it did
/// or met itself, in the order it took them. What it hears as indexed is committed.
class FINDME_API IndexObserver {
  public:
    virtual ~IndexObserver() = default;
    virtual void on_item(const IndexItem& item) { static_cast<void>(item); }
    virtual void on_progress(const IndexProgress& progress) { static_cast<void>(progress); }
    /// Findme::watch: what was there is indexed; what comes from now on is found as it comes.
    virtual void on_following() {}
    /// Findme::watch: the database does not answer; it is asked again in a while.
    virtual void on_delay(const ErrorInfo& why) { static_cast<void>(why); }
};

struct IndexRequest {
    Event event;
    std::vector<std::string> paths;  ///< Files and folders; folders are walked.
    /// Further files, one a call, until it returns nothing. Called from one thread at a time.
    std::function<std::optional<std::string>()> more_paths;
    std::optional<int> jobs;  ///< Photos worked on at once; 0: one per core; empty: as configured.
    bool reindex = false;     ///< Work on photos again although they are DONE.
    bool dry_run = false;     ///< Only say what would be done; nothing is written.
    /// Runs over the same folders, in other processes and on other hosts, share the work: each photo is done
    /// by one of them, also when another one dies or stops on the way, and the run ends when all are done. It
    /// takes folders only, nothing of the above, and a server for a database; every host has to see the
    /// folders under the same paths. The summary tells of what this run did, the progress of all.
    bool shared = false;
    std::stop_token stop;  ///< When asked to stop: no new photo is begun, what is whole is committed.
};

}  // namespace findme
