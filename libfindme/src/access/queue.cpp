#include "findme/queue.hpp"

#include <utility>

#include "db/connection.hpp"
#include "db/retry.hpp"
#include "store/job_repository.hpp"

namespace findme {

Queue::Queue(std::shared_ptr<db::Database> database) : database_(std::move(database)) {}
Queue::~Queue() = default;

QueueStatus Queue::status(EventId event) {
    return db::fetch_retrying(*database_, [&](db::Connection& connection) {
        return store::JobRepository(connection).status(event);
    });
}

std::int64_t Queue::retry(EventId event) {
    return db::fetch_retrying(*database_, [&](db::Connection& connection) {
        return store::JobRepository(connection).revive(event);
    });
}

std::int64_t Queue::cancel(EventId event) {
    return db::fetch_retrying(*database_, [&](db::Connection& connection) {
        return store::JobRepository(connection).cancel(event);
    });
}

}  // namespace findme
