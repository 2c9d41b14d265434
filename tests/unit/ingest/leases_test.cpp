#include "ingest/leases.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "store/event_repository.hpp"
#include "support/manual_clock.hpp"
#include "support/patience.hpp"
#include "support/test_database.hpp"

using namespace findme;
using namespace findme::store;
using namespace std::chrono_literals;
using ingest::Leases;
using testing::available_postgresql;
using testing::TestDatabase;

namespace {

/// The shortest there is: signs of life come soon.
constexpr auto kLease = 1s;

struct Place {
    explicit Place(db::Dialect dialect) : database(dialect) {
        Event event;
        event.name = "Party";
        event.code = "PARTY";
        event.created_at = testing::FixedClock().now();
        event.expires_at = event.created_at + std::chrono::days{90};
        const auto connection = database.connect();
        scope = {EventRepository(*connection).insert(event), "test-model"};
        JobRepository jobs(*connection);
        static_cast<void>(
            jobs.queue(scope, std::vector<PathVersion>{{"/photos/a.jpg", 10, 1}, {"/photos/b.jpg", 10, 1}}));
        for (const auto& job :
             jobs.claim(scope, {"/photos/", "/photos0"}, JobKind::fresh, 2, "worker", kLease))
            claims.push_back(job.claim);
        REQUIRE(claims.size() == 2);
    }
    /// When the lease of a claim runs out.
    std::string due(const JobClaim& claim) {
        std::string at;
        database.connect()->run("SELECT CAST(due_at AS text) FROM index_jobs WHERE id = $1", {claim.job},
                                [&](const db::Row& row) { at = row.text(0); });
        return at;
    }
    /// Waits until the lease of a claim was made longer so many times.
    void await_signs(const JobClaim& claim, int signs) {
        for (std::string last = due(claim); signs > 0; --signs) {
            std::string next;
            REQUIRE(testing::eventually([&] { return (next = due(claim)) != last; }));
            REQUIRE(next > last);
            last = next;
        }
    }

    TestDatabase database;
    JobScope scope;
    std::vector<JobClaim> claims;
};

}  // namespace

TEST_CASE("leases: signs of life keep a claim, and one that is held for too long gets none",
          "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Place place(dialect);
        testing::ManualClock clock;
        Leases leases(place.database.database(), kLease, ingest::kLongestWork, clock.reader());
        const JobClaim& old = place.claims[0];
        const JobClaim& fresh = place.claims[1];
        leases.add(old);
        place.await_signs(old, 2);

        clock.advance(ingest::kLongestWork + 1s);
        leases.add(fresh);
        // What was on its way when the clock moved has arrived by then.
        place.await_signs(fresh, 1);
        const std::string last = place.due(old);
        place.await_signs(fresh, 2);
        CHECK(place.due(old) == last);
        // It is held all the same: whoever gives back what he holds gives that back, too.
        CHECK(leases.held().size() == 2);
    }
}

TEST_CASE("leases: a lease is as long as three signs of life", "[ingest]") {
    for (const auto lease : {2s, 3s, 60s, 3600s}) {
        CAPTURE(lease.count());
        CHECK(3 * ingest::pause_between_signs(lease) <= lease);
    }
}
