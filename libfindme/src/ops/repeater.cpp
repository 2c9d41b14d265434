#include "ops/repeater.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace findme::ops {
namespace {

constexpr std::chrono::seconds kPatience{1};

}  // namespace

struct Repeater::State {
    std::mutex mutex;
    std::condition_variable changed;
    bool stopping = false;
    bool ended = false;
};

Repeater::Repeater(Work work)
    : state_(std::make_shared<State>()),
      thread_([state = state_, work = std::move(work)] { run(state, work); }) {}

Repeater::~Repeater() {
    bool ended = false;
    {
        std::unique_lock lock(state_->mutex);
        state_->stopping = true;
        state_->changed.notify_all();
        ended = state_->changed.wait_for(lock, kPatience, [&] { return state_->ended; });
    }
    ended ? thread_.join() : thread_.detach();
}

void Repeater::run(const std::shared_ptr<State>& state, const Work& work) {
    std::unique_lock lock(state->mutex);
    while (!state->stopping) {
        lock.unlock();
        const auto pause = work();
        lock.lock();
        state->changed.wait_for(lock, pause, [&] { return state->stopping; });
    }
    state->ended = true;
    state->changed.notify_all();
}

}  // namespace findme::ops
