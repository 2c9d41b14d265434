#include "ops/connection_table.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace findme::ops {

void ConnectionTable::add(const void* key, int descriptor) {
    const std::lock_guard lock(mutex_);
    entries_[key] = {descriptor, clock_()};
}

void ConnectionTable::remove(const void* key) {
    const std::lock_guard lock(mutex_);
    entries_.erase(key);
    changed_.notify_all();
}

void ConnectionTable::rest(const void* key) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    found->second.since = clock_();
    found->second.resting = true;
    changed_.notify_all();
}

std::size_t ConnectionTable::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

std::size_t ConnectionTable::end_older_than(std::chrono::milliseconds age) {
    const std::lock_guard lock(mutex_);
    const Time begin = clock_() - age;
    std::size_t count = 0;
    for (auto& [key, entry] : entries_) {
        if (entry.ended || entry.since >= begin) continue;
        // Not closed: the number stays the server's, which sees the end and closes it.
        ::shutdown(entry.descriptor, SHUT_RDWR);
        entry.ended = true;
        ++count;
    }
    return count;
}

void ConnectionTable::wait_for_rest(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] {
        return std::all_of(entries_.begin(), entries_.end(),
                           [](const auto& entry) { return entry.second.resting; });
    });
}

}  // namespace findme::ops
