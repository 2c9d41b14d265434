#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace findme::face {

/// Memory that one run needs; reused from run to run, one thread at a time.
class Workspace {
  public:
    Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace();

    /// 64-byte aligned, at least `bytes` long: the same memory with what it holds while that is long enough,
    /// else other memory, contents undefined.
    [[nodiscard]] std::span<std::byte> at_least(std::size_t bytes);

  private:
    void release() noexcept;

    std::span<std::byte> mapped_;
    std::span<std::byte> memory_;  ///< Of it, whole huge pages.
};

/// Workspaces for callers who come and go: so many runs at once, and no memory made anew for each, which the
/// kernel takes as long to clear as a run takes. What was made is kept. Thread-safe.
class WorkspacePool {
  public:
    /// @param most  runs at once; at least 1.
    explicit WorkspacePool(std::size_t most);

    struct GiveBack {
        WorkspacePool* pool;
        void operator()(Workspace* workspace) const noexcept;
    };
    using Lease = std::unique_ptr<Workspace, GiveBack>;

    /// Waits while all are taken. The pool outlives what it gives.
    [[nodiscard]] Lease take();

  private:
    std::mutex mutex_;
    std::condition_variable given_back_;
    std::size_t left_;                                 ///< That may still be made.
    std::vector<std::unique_ptr<Workspace>> resting_;  ///< With room for all: giving back takes no memory.
};

}  // namespace findme::face
