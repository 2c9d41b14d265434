#include "face/workspace.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace findme::face {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;

}  // namespace

Workspace::Workspace() = default;
Workspace::~Workspace() {
    std::free(data_);
}

std::span<std::byte> Workspace::at_least(std::size_t bytes) {
    if (bytes > size_bytes_) {
        std::free(data_);
        size_bytes_ = 0;
        // A run writes to all of it: with pages of the usual size half of the time of a first run would go
        // into having the kernel make them one by one.
        const std::size_t size = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
        data_ = static_cast<std::byte*>(std::aligned_alloc(kHugePageBytes, size));
        if (data_ == nullptr) throw std::bad_alloc();
        static_cast<void>(madvise(data_, size, MADV_HUGEPAGE));  // Where there are none, nothing is lost.
        size_bytes_ = size;
    }
    return {data_, size_bytes_};
}

WorkspacePool::WorkspacePool(std::size_t most) : left_(std::max<std::size_t>(most, 1)) {
    resting_.reserve(left_);
}

WorkspacePool::Lease WorkspacePool::take() {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [this] { return !resting_.empty() || left_ > 0; });
    std::unique_ptr<Workspace> workspace;
    if (resting_.empty()) {
        workspace = std::make_unique<Workspace>();
        --left_;
    } else {
        workspace = std::move(resting_.back());
        resting_.pop_back();
    }
    return {workspace.release(), GiveBack{this}};
}

void WorkspacePool::GiveBack::operator()(Workspace* workspace) const noexcept {
    {
        const std::lock_guard lock(pool->mutex_);
        pool->resting_.emplace_back(workspace);
    }
    pool->given_back_.notify_one();
}

}  // namespace findme::face
