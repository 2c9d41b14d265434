#include "face/workspace.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace findme::face {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;

}  // namespace

Workspace::Workspace() = default;
Workspace::~Workspace() {
    release();
}

void Workspace::release() noexcept {
    if (!mapped_.empty()) munmap(mapped_.data(), mapped_.size());
    mapped_ = {};
    memory_ = {};
}

std::span<std::byte> Workspace::at_least(std::size_t bytes) {
    if (bytes > memory_.size()) {
        release();
        // A run writes to all of it: with pages of the usual size half of the time of a first run would go
        // into having the kernel make them one by one. Not of the heap, whose huge pages it would use up.
        const std::size_t size = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
        std::size_t room = size + kHugePageBytes;
        void* begin = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (begin == MAP_FAILED) throw std::bad_alloc();
        mapped_ = {static_cast<std::byte*>(begin), room};
        memory_ = {static_cast<std::byte*>(std::align(kHugePageBytes, size, begin, room)), size};
        // Where there are none, nothing is lost.
        static_cast<void>(madvise(memory_.data(), size, MADV_HUGEPAGE));
    }
    return memory_;
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
