// An event whose retention nobody has set: it is neither purged nor matched until somebody does.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "access_world.hpp"

using namespace findme;
using testing::AccessWorld;
using testing::available_databases;
using testing::refusal_of;

namespace {

/// An event as the earlier service makes one, long ago, with what it knows of a guest's face; and one of
/// findme's.
struct AdoptedWorld : AccessWorld {
    explicit AdoptedWorld(db::Dialect dialect) : AccessWorld(dialect) {
        const auto connection = base.connect();
        connection->run("INSERT INTO events (name, event_code, date) VALUES ('Gala', 'GALA', $1)",
                        {"2020-01-01T00:00:00.000Z"});
        gala = events.find("GALA").id;
        connection->run(
            "INSERT INTO users (username, email, hashed_password, user_type, event_id, is_active, "
            "selfie_path)"
            " VALUES ('lea', 'lea@example.org', 'x', 'user', $1, $2, 'lea.jpg')",
            {gala.value, std::int64_t{1}});
        lea = accounts.find("lea").id;
        connection->run("INSERT INTO user_events (user_id, event_id) VALUES ($1, $2)",
                        {lea.value, gala.value});
        connection->run(
            "INSERT INTO photos (filename, file_path, photo_type, processing_status, is_indexed, event_id)"
            " VALUES ('x', 'x', 'group', 'DONE', $1, $2)",
            {std::int64_t{0}, gala.value});
        connection->run(
            "INSERT INTO photo_faces (event_id, photo_id, face_id) SELECT event_id, id, 'f' FROM photos");
        connection->run(
            "INSERT INTO face_matches (photo_id, user_id, confidence_score) SELECT id, $1, 98 FROM photos",
            {lea.value});
        make_event("OURS22");
    }
    Event update(const std::function<void(EventUpdate&)>& change) {
        EventUpdate update;
        change(update);
        return events.update(gala, update);
    }
    std::int64_t faces() {
        return count(
            "SELECT (SELECT count(*) FROM photo_faces) + (SELECT count(*) FROM face_matches)"
            " + (SELECT count(*) FROM users WHERE selfie_path IS NOT NULL)");
    }

    EventId gala;
    AccountId lea;
};

}  // namespace

// The nightly purge after an adoption erased matches, faces and selfies of every event older than a year.
TEST_CASE("undecided: an adopted event is not expired however old it is", "[access]") {
    AdoptedWorld world(GENERATE(from_range(available_databases())));
    CHECK(world.events.find(world.gala).is_undecided());
    CHECK(world.events.expired().empty());
    CHECK_FALSE(world.events.purge_expired(world.gala));
    CHECK(world.faces() == 3);
    CHECK_FALSE(world.events.find(world.gala).purged_at);
}

TEST_CASE("undecided: nothing is indexed, searched or kept in it, and the refusal says what to do",
          "[access]") {
    AdoptedWorld world(GENERATE(from_range(available_databases())));
    const auto guest =
        world.accounts.add(AccessWorld::guest("hugo", "hugo@example.org", "OURS22")).account.id;
    for (const std::function<void()>& action : std::vector<std::function<void()>>{
             [&] { world.events.require_searchable(world.events.find(world.gala)); },
             [&] { world.accounts.add(AccessWorld::guest("ines", "ines@example.org", "GALA")); },
             [&] { world.accounts.join(guest, "GALA"); },
             [&] { (void)world.accounts.add_selfies(world.lea, {"lea.1"}, "v1"); }}) {
        const ErrorInfo refused = refusal_of(action);
        CHECK(refused.code == ErrorCode::retention_undecided);
        CHECK_THAT(refused.message,
                   Catch::Contains("\"GALA\" is undecided") &&
                       Catch::Contains("findme event update \"GALA\" --retention-days DAYS"));
    }
    // With an event that takes them, a guest's selfies are kept.
    CHECK_NOTHROW(world.accounts.join(world.lea, "OURS22"));
    CHECK(world.accounts.add_selfies(world.lea, {"lea.1"}, "v1").added.size() == 1);
}

TEST_CASE("undecided: only a retention decides, and then it holds like any other", "[access]") {
    AdoptedWorld world(GENERATE(from_range(available_databases())));
    world.update([](EventUpdate& update) { update.name = "Gala of the year"; });
    world.update([](EventUpdate& update) { update.no_photographer = true; });
    world.update([](EventUpdate& update) { update.date = Date{std::chrono::year{2026} / 6 / 1}; });
    CHECK(world.events.find(world.gala).is_undecided());
    CHECK(world.events.expired().empty());

    const Event decided = world.update([](EventUpdate& update) { update.retention_days = 30; });
    CHECK(decided.retention_days == 30);
    CHECK(to_iso8601(decided.expires_at.value()) == "2026-07-02T00:00:00.000Z");
    world.events.require_searchable(decided);
    world.clock.now_ = world.database_clock.now_ += std::chrono::days{30};
    REQUIRE(world.events.expired().size() == 1);
    CHECK(world.events.purge_expired(world.gala).value().left() == 0);
    CHECK(world.faces() == 0);
}

TEST_CASE("undecided: who names it can purge it", "[access]") {
    AdoptedWorld world(GENERATE(from_range(available_databases())));
    CHECK(world.events.purge(world.gala).left() == 0);
    CHECK(world.faces() == 0);
    CHECK(world.events.find(world.gala).is_undecided());
    CHECK(refusal_of([&] { world.events.require_searchable(world.events.find(world.gala)); }).code ==
          ErrorCode::retention_undecided);
}

TEST_CASE("undecided: a guest of it keeps the selfie when another event of hers is purged", "[access]") {
    AdoptedWorld world(GENERATE(from_range(available_databases())));
    world.accounts.join(world.lea, "OURS22");
    CHECK(world.accounts.add_selfies(world.lea, {"lea.1"}, "v1").added.size() == 1);
    world.events.purge(world.events.find("OURS22").id);
    CHECK(world.accounts.find(world.lea).selfies == 1);
    CHECK(world.faces() == 3);
}

// Step 9 closes events that were open before: whoever takes a selfie back then was shown in them for good.
TEST_CASE("undecided: a guest whose selfies go is matched anew in every event, also where nothing may be",
          "[access]") {
    AdoptedWorld world(GENERATE(from_range(available_databases())));
    const EventId ours = world.events.find("OURS22").id;
    world.accounts.join(world.lea, "OURS22");
    REQUIRE(world.accounts.add_selfies(world.lea, {"lea.1"}, "v1").added.size() == 1);
    world.matcher->rematched.clear();
    CHECK(world.accounts.remove_all_selfies(world.lea).left() == 0);
    auto rematched = world.matcher->rematched;
    std::sort(rematched.begin(), rematched.end());
    CHECK(rematched == std::vector<EventId>{world.gala, ours});
}
