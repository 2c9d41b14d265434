// Who is on which photo, kept as photos and references change.
#include "match/event_matcher.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <map>

#include "store/account_repository.hpp"
#include "store/event_repository.hpp"
#include "store/match_repository.hpp"
#include "store/photo_repository.hpp"
#include "store/selfie_repository.hpp"
#include "support/test_database.hpp"

using namespace findme;
using testing::available_databases;
using testing::FixedClock;
using testing::TestDatabase;

namespace {

constexpr const char* kModel = "model";
const Calibration kCalibration{kModel, 2, 0.5, 0.3, 0.9};

/// On a circle: two faces are nearly as far apart as their numbers.
Template at(float place) {
    return {std::cos(place), std::sin(place)};
}

struct World {
    explicit World(db::Dialect dialect) : base(dialect), connection(base.connect()) {
        Event fresh;
        fresh.name = "Event";
        fresh.code = "EVENT";
        fresh.expires_at = fresh.created_at = clock.now();
        event = store::EventRepository(*connection).insert(fresh);
    }
    AccountId guest(const std::string& name) {
        db::Transaction transaction(*connection, db::Access::write);
        const auto id = store::AccountRepository(*connection)
                            .insert({name, name + "@example.org", Role::guest, event, "!", clock.now()});
        transaction.commit();
        return id;
    }
    PhotoId photo(std::uint8_t number, const std::vector<float>& faces) {
        store::PhotoRecord record;
        record.event = event;
        record.model = kModel;
        record.hash[0] = number;
        record.path.path = "/" + std::to_string(number) + ".jpg";
        record.indexed_at = clock.now();
        for (const float place : faces) record.faces.push_back({{}, at(place)});
        store::PhotoRepository photos(*connection);
        photos.save(std::vector{record});
        return photos.find_indexed(event, record.hash, kModel).value();
    }
    /// Adds a reference and brings the matches up to date, as the accounts do.
    void add_reference(AccountId account, float place) {
        store::SelfieRepository selfies(*connection);
        auto references = selfies.references(account, kModel);
        references.push_back(at(place));
        const auto near = matcher->photos_near(*connection, event, references);
        db::Transaction transaction(*connection, db::Access::write);
        selfies.add(account, {"v1", clock.now(), "test"},
                    std::vector<store::NewSelfie>{{kModel, {}, at(place)}});
        matcher->rematch(*connection, event, account, near);
        transaction.commit();
    }
    void remove_references(AccountId account) {
        db::Transaction transaction(*connection, db::Access::write);
        store::SelfieRepository(*connection).remove(account, std::nullopt);
        matcher->rematch(*connection, event, account, {});
        transaction.commit();
    }
    std::map<AccountId, std::int64_t> on(PhotoId photo) {
        return store::MatchRepository(*connection).scores(photo);
    }

    TestDatabase base;
    FixedClock clock;
    std::shared_ptr<db::Connection> connection;
    EventId event;
    std::shared_ptr<const access::EventMatcher> matcher = match::make_event_matcher(kCalibration, 70, clock);
};

using Scores = std::map<AccountId, std::int64_t>;

}  // namespace

TEST_CASE("event matcher: a reference finds its photos and no others, and takes them along when it goes",
          "[match]") {
    World world(GENERATE(from_range(available_databases())));
    const AccountId anna = world.guest("anna");
    const PhotoId with = world.photo(1, {10.0F, 0.2F});
    const PhotoId without = world.photo(2, {10.0F, 0.7F});
    world.add_reference(anna, 0);
    CHECK(world.on(with) == Scores{{anna, 100}});
    CHECK(world.on(without).empty());
    world.remove_references(anna);
    CHECK(world.on(with).empty());
}

TEST_CASE("event matcher: a face is one guest's, the nearest one's", "[match]") {
    World world(GENERATE(from_range(available_databases())));
    const AccountId anna = world.guest("anna");
    const AccountId bert = world.guest("bert");
    const PhotoId photo = world.photo(1, {0.4F});
    world.add_reference(anna, 0);
    CHECK(world.on(photo) == Scores{{anna, 85}});
    // Bert is nearer: Anna was never on it.
    world.add_reference(bert, 0.5F);
    CHECK(world.on(photo) == Scores{{bert, 100}});
    world.remove_references(bert);
    // The face is nearest to Anna again, and bringing that to light is a matter of the photos Bert was on.
    CHECK(world.on(photo) == Scores{{anna, 85}});
}

TEST_CASE("event matcher: a guest is on a photo once, and two guests of two faces are both on it",
          "[match]") {
    World world(GENERATE(from_range(available_databases())));
    const AccountId anna = world.guest("anna");
    const AccountId bert = world.guest("bert");
    const PhotoId photo = world.photo(1, {0.05F, 0.45F});
    world.add_reference(anna, 0);
    CHECK(world.on(photo) == Scores{{anna, 100}});
    world.add_reference(bert, 0.1F);
    // Both are nearest to the same face; the other face is still near enough for one of them.
    CHECK(world.on(photo).size() == 2);
}

TEST_CASE("event matcher: what the service matched with references of its own stays", "[match]") {
    World world(GENERATE(from_range(available_databases())));
    const AccountId anna = world.guest("anna");
    const AccountId old = world.guest("old");
    const PhotoId photo = world.photo(1, {0.1F});
    store::MatchRepository(*world.connection).put(photo, old, 77, world.clock.now());
    // The service left several rows for one pair.
    world.connection->run(
        "INSERT INTO face_matches (photo_id, user_id, confidence_score) VALUES ($1, $2, 12)",
        {photo.value, anna.value});
    world.add_reference(anna, 0);
    CHECK(world.on(photo) == Scores{{anna, 100}, {old, 77}});
    std::int64_t rows = 0;
    world.connection->run("SELECT count(*) FROM face_matches WHERE user_id = $1", {anna.value},
                          [&](const db::Row& row) { rows = row.integer(0); });
    CHECK(rows == 1);
}

TEST_CASE("event matcher: an unchanged match keeps its row", "[match]") {
    World world(GENERATE(from_range(available_databases())));
    const AccountId anna = world.guest("anna");
    world.photo(1, {0.1F});
    world.add_reference(anna, 0);
    const auto row_id = [&] {
        std::int64_t id = 0;
        world.connection->run("SELECT id FROM face_matches", {},
                              [&](const db::Row& row) { id = row.integer(0); });
        return id;
    };
    const auto before = row_id();
    world.add_reference(anna, 0.2F);
    CHECK(row_id() == before);
}

TEST_CASE("event matcher: events know nothing of one another", "[match]") {
    World world(GENERATE(from_range(available_databases())));
    const AccountId anna = world.guest("anna");
    const PhotoId here = world.photo(1, {0.1F});
    Event other;
    other.name = "Other";
    other.code = "OTHER";
    other.expires_at = other.created_at = world.clock.now();
    const EventId first = world.event;
    world.event = store::EventRepository(*world.connection).insert(other);
    const PhotoId there = world.photo(1, {0.1F});
    world.event = first;
    world.add_reference(anna, 0);
    CHECK(world.on(here).size() == 1);
    CHECK(world.on(there).empty());
}

TEST_CASE("event matcher: photos that come later are matched once, those that are indexed anew again",
          "[match]") {
    World world(GENERATE(from_range(available_databases())));
    const AccountId anna = world.guest("anna");
    world.add_reference(anna, 0);
    const PhotoId photo = world.photo(1, {0.1F});
    CHECK(world.on(photo).empty());
    CHECK(world.matcher->match_new(*world.connection, world.event) == 1);
    CHECK(world.on(photo) == Scores{{anna, 100}});
    CHECK(world.matcher->match_new(*world.connection, world.event) == 0);
    CHECK(world.photo(1, {0.8F}) == photo);
    CHECK(world.matcher->match_new(*world.connection, world.event) == 1);
    CHECK(world.on(photo).empty());
}

TEST_CASE("event matcher: photos matched while a reference was on its way are compared with it too",
          "[match]") {
    World world(GENERATE(from_range(available_databases())));
    const AccountId anna = world.guest("anna");
    const auto near =
        world.matcher->photos_near(*world.connection, world.event, std::vector<Template>{at(0)});
    const PhotoId photo = world.photo(1, {0.1F});
    CHECK(world.matcher->match_new(*world.connection, world.event) == 1);
    db::Transaction transaction(*world.connection, db::Access::write);
    store::SelfieRepository(*world.connection)
        .add(anna, {"v1", world.clock.now(), "test"}, std::vector<store::NewSelfie>{{kModel, {}, at(0)}});
    world.matcher->rematch(*world.connection, world.event, anna, near);
    transaction.commit();
    CHECK(world.on(photo) == Scores{{anna, 100}});
}

TEST_CASE("event matcher: who goes leaves the face to the next nearest guest", "[match]") {
    World world(GENERATE(from_range(available_databases())));
    const AccountId anna = world.guest("anna");
    const AccountId bert = world.guest("bert");
    const PhotoId photo = world.photo(1, {0.4F});
    world.add_reference(anna, 0);
    world.add_reference(bert, 0.5F);
    CHECK(world.on(photo) == Scores{{bert, 100}});
    db::Transaction transaction(*world.connection, db::Access::write);
    world.matcher->release(*world.connection, world.event, bert);
    transaction.commit();
    CHECK(world.on(photo) == Scores{{anna, 85}, {bert, 100}});
}
