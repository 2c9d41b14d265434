#include "ingest/leases.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "store/event_repository.hpp"
#include "support/test_database.hpp"

using namespace findme;
using namespace findme::store;
using namespace std::chrono_literals;
using ingest::Leases;
using testing::available_postgresql;
using testing::TestDatabase;

namespace {

constexpr auto kLease = 2s;

struct Place {
    explicit Place(db::Dialect dialect) : database(dialect) {
        Event event;
        event.name = "Party";
        event.code = "PARTY";
        event.created_at = testing::FixedClock().now();
        event.expires_at = event.created_at + std::chrono::days{90};
        const auto connection = database.connect();
        scope = {EventRepository(*connection).insert(event), "test-model"};
        static_cast<void>(
            JobRepository(*connection).queue(scope, std::vector<PathVersion>{{"/photos/a.jpg", 10, 1}}));
        const auto jobs = JobRepository(*connection)
                              .claim(scope, {"/photos/", "/photos0"}, JobKind::fresh, 1, "worker", kLease);
        REQUIRE(jobs.size() == 1);
        claim = jobs.front().claim;
    }
    std::int64_t expired() {
        const auto connection = database.connect();
        return JobRepository(*connection).status(scope.event).expired;
    }

    TestDatabase database;
    JobScope scope;
    JobClaim claim;
};

}  // namespace

TEST_CASE("leases: signs of life keep a claim, and one that is held for too long gets none",
          "[ingest][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Place place(dialect);
        {
            Leases leases(place.database.database(), kLease);
            leases.add(place.claim);
            std::this_thread::sleep_for(kLease + 1s);
            CHECK(place.expired() == 0);
        }
        Leases leases(place.database.database(), kLease, 0s);
        leases.add(place.claim);
        std::this_thread::sleep_for(kLease + 1s);
        CHECK(place.expired() == 1);
        // It is held all the same: whoever gives back what he holds gives that back, too.
        CHECK(leases.held().size() == 1);
    }
}
