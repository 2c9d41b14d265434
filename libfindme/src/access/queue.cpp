#include "findme/queue.hpp"

#include <utility>

#include "access/journal.hpp"
#include "db/connection.hpp"
#include "db/retry.hpp"
#include "store/job_repository.hpp"

namespace findme {

namespace {

/// One change of an event's queue, and its entry in the audit when there was something to change.
template <typename Change>
std::int64_t change(db::Database& database, const std::string& actor, const char* action, EventId event,
                    const Change& work) {
    return db::fetch_retrying(database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        store::JobRepository jobs(connection);
        const std::int64_t files = work(jobs);
        if (files > 0)
            access::record(connection, actor, action, access::subject_of(event),
                           "files=" + std::to_string(files));
        transaction.commit();
        return files;
    });
}

}  // namespace

Queue::Queue(std::shared_ptr<db::Database> database, std::string actor)
    : database_(std::move(database)), actor_(std::move(actor)) {}
Queue::~Queue() = default;

QueueStatus Queue::status(EventId event) {
    return db::fetch_retrying(*database_, [&](db::Connection& connection) {
        return store::JobRepository(connection).status(event);
    });
}

std::int64_t Queue::retry(EventId event) {
    return change(*database_, actor_, "queue.retried", event,
                  [&](store::JobRepository& jobs) { return jobs.revive(event); });
}

std::int64_t Queue::cancel(EventId event) {
    return change(*database_, actor_, "queue.cancelled", event,
                  [&](store::JobRepository& jobs) { return jobs.cancel(event); });
}

}  // namespace findme
