#include <algorithm>
#include <list>
#include <mutex>
#include <tuple>

#include "face/network.hpp"

namespace findme::face {

struct NetworkCache::State {
    using Key = std::tuple<int, int, int>;
    Graph graph;
    std::size_t capacity = 1;
    Precision precision = Precision::f32;
    std::mutex mutex;
    std::list<std::pair<Key, std::shared_ptr<const Network>>> recent;  // most recently used first

    std::shared_ptr<const Network> find(const Key& key) {
        const auto found =
            std::find_if(recent.begin(), recent.end(), [&](const auto& entry) { return entry.first == key; });
        if (found == recent.end()) return nullptr;
        recent.splice(recent.begin(), recent, found);
        return found->second;
    }
};

NetworkCache::NetworkCache(Graph graph, std::size_t capacity, Precision precision)
    : state_(std::make_unique<State>()) {
    state_->graph = std::move(graph);
    state_->capacity = std::max<std::size_t>(capacity, 1);
    state_->precision = precision;
}

NetworkCache::NetworkCache(NetworkCache&&) noexcept = default;

NetworkCache::~NetworkCache() = default;

std::shared_ptr<const Network> NetworkCache::get(int batch, int height_px, int width_px) const {
    const State::Key key{batch, height_px, width_px};
    {
        const std::lock_guard lock(state_->mutex);
        if (auto network = state_->find(key)) return network;
    }
    // Compiling takes milliseconds: two threads may do it for the same size, the second result is dropped.
    std::shared_ptr<const Network> network =
        compile(state_->graph, batch, height_px, width_px, state_->precision);
    const std::lock_guard lock(state_->mutex);
    if (auto earlier = state_->find(key)) return earlier;
    state_->recent.emplace_front(key, network);
    if (state_->recent.size() > state_->capacity) state_->recent.pop_back();
    return network;
}

}  // namespace findme::face
