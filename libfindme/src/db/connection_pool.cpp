#include "db/connection_pool.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "findme/error.hpp"

namespace findme::db {
namespace {

[[noreturn]] void throw_exhausted(const PoolOptions& options) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.checkout_timeout).count();
    throw Error({ErrorCode::pool_exhausted,
                 "all connections to the database (" + std::to_string(options.size) + ", and " +
                     std::to_string(options.overflow) + " overflow) were in use for " +
                     std::to_string(seconds) +
                     " s: do less at once, or raise database_pool.size, database_pool.overflow or "
                     "database_pool.timeout_s",
                 {},
                 Retry::later});
}

}  // namespace

ConnectionPool::ConnectionPool(Factory factory, PoolOptions options)
    : factory_(std::move(factory)), options_(options), process_(::getpid()) {}

ConnectionPool::~ConnectionPool() {
    abandon_after_fork();
}

std::shared_ptr<Connection> ConnectionPool::take() {
    for (;;) {
        auto entry = std::make_shared<Entry>();
        *entry = reserve();
        try {
            if (entry->connection && !is_usable(*entry)) {
                leave();
                continue;  // `entry` goes, and with it the connection.
            }
            if (!entry->connection) *entry = {factory_(), Clock::now(), ::getpid()};
        } catch (...) {
            leave();
            throw;
        }
        Connection* connection = entry->connection.get();
        return {connection,
                [pool = shared_from_this(), entry](Connection*) { pool->give_back(std::move(*entry)); }};
    }
}

ConnectionPool::Entry ConnectionPool::reserve() {
    std::unique_lock lock(mutex_);
    abandon_after_fork();
    // Subtracted and not added: an embedded database has no limit, and the sum would wrap.
    const auto has_room = [&] {
        return in_use_ < options_.size || in_use_ - options_.size < options_.overflow;
    };
    if (!room_.wait_for(lock, options_.checkout_timeout, has_room)) throw_exhausted(options_);
    ++in_use_;
    if (idle_.empty()) return {};
    Entry entry = std::move(idle_.back());
    idle_.pop_back();
    return entry;
}

bool ConnectionPool::is_usable(const Entry& entry) const {
    return Clock::now() - entry.made_at < options_.recycle_after && entry.connection->is_alive();
}

void ConnectionPool::give_back(Entry entry) noexcept {
    if (entry.process != ::getpid()) {
        static_cast<void>(entry.connection.release());
        return;
    }
    const bool fit = entry.connection->reset();
    {
        const std::lock_guard lock(mutex_);
        --in_use_;
        try {
            if (fit && idle_.size() < options_.size) idle_.push_back(std::move(entry));
        } catch (...) {
            // No memory to keep it: it is closed instead.
        }
    }
    room_.notify_one();
}

void ConnectionPool::leave() noexcept {
    {
        const std::lock_guard lock(mutex_);
        --in_use_;
    }
    room_.notify_one();
}

void ConnectionPool::abandon_after_fork() noexcept {
    if (process_ == ::getpid()) return;
    for (Entry& entry : idle_) static_cast<void>(entry.connection.release());
    idle_.clear();
    in_use_ = 0;
    process_ = ::getpid();
}

}  // namespace findme::db
