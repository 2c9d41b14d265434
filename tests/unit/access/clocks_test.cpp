// Retention is judged by the database's clock, and nothing is erased while this machine's is far from it.
#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "access_world.hpp"
#include "store/photo_repository.hpp"

using namespace findme;
using testing::AccessWorld;
using testing::available_databases;
using testing::refusal_of;

namespace {

/// An event with a guest, her selfie, and one photo with a face.
struct ClockWorld : AccessWorld {
    explicit ClockWorld(db::Dialect dialect) : AccessWorld(dialect) {
        EventRequest request;
        request.name = "Party";
        request.code = "PARTY";
        request.retention_days = 30;
        party = events.create(request);
        Registration registration = guest("lea", "lea@example.org", "PARTY");
        registration.selfies = {"lea.1"};
        registration.consent_version = "v1";
        lea = accounts.add(std::move(registration)).account.id;
        store::PhotoRecord record;
        record.event = party.id;
        record.model = "model";
        record.path.path = "/a.jpg";
        record.indexed_at = clock.now();
        record.faces.resize(1);
        const auto connection = base.connect();
        store::PhotoRepository repository(*connection);
        repository.save(std::span(&record, 1));
        photo = repository.find_by_path(party.id, record.path.path)->id;
    }
    std::int64_t rows() {
        std::int64_t sum = 0;
        for (const auto* table : {"events", "users", "selfies", "consents", "photos", "faces",
                                  "face_templates", "account_tokens", "audit_log"})
            sum += count(std::string("SELECT count(*) FROM ") + table);
        return sum;
    }

    Event party;
    AccountId lea;
    PhotoId photo;
};

struct Erasing {
    const char* name;
    std::function<void(ClockWorld&)> erase;
};

const std::array<Erasing, 8>& erasing_verbs() {
    static const std::array<Erasing, 8> verbs{{
        {"event purge", [](ClockWorld& world) { world.events.purge(world.party.id); }},
        {"event purge --expired", [](ClockWorld& world) { world.events.purge_expired(world.party.id); }},
        {"event delete", [](ClockWorld& world) { world.events.remove(world.party.id); }},
        {"user delete", [](ClockWorld& world) { world.accounts.remove(world.lea); }},
        {"user selfie remove", [](ClockWorld& world) { world.accounts.remove_all_selfies(world.lea); }},
        {"photo forget", [](ClockWorld& world) { world.photos.forget(world.photo); }},
        {"token prune", [](ClockWorld& world) { world.tokens.prune(); }},
        {"any", [](ClockWorld& world) { world.events.require_agreed_clocks(); }},
    }};
    return verbs;
}

}  // namespace

// A client ten years ahead erased a live event; one that was behind opened an expired one.
TEST_CASE("retention: the clock that counts is the database's, wherever this machine's stands", "[access]") {
    ClockWorld world(GENERATE(from_range(available_databases())));
    const auto wrong = GENERATE(std::chrono::days{-4000}, std::chrono::days{4000});
    world.clock.now_ += wrong;
    world.events.require_searchable(world.party);
    CHECK(world.events.expired().empty());
    world.make_event("OTHER22");
    CHECK_NOTHROW(world.accounts.join(world.lea, "OTHER22"));
    CHECK(world.accounts.add_selfies(world.lea, {"lea.2"}, "v1").added.size() == 1);
    CHECK_NOTHROW(world.accounts.add(AccessWorld::guest("hugo", "hugo@example.org", "PARTY")));
    // What is made counts from the database's time.
    CHECK(world.events.find("OTHER22").expires_at ==
          world.database_clock.now() + std::chrono::days{kDefaultRetentionDays});

    world.database_clock.now_ += std::chrono::days{31};
    CHECK(refusal_of([&] { world.events.require_searchable(world.party); }).code ==
          ErrorCode::retention_expired);
    CHECK(world.events.expired().size() == 1);
    CHECK(refusal_of([&] {
              world.accounts.add(AccessWorld::guest("ines", "ines@example.org", "PARTY"));
          }).code == ErrorCode::retention_expired);
    world.accounts.add(AccessWorld::guest("noa", "noa@example.org", "OTHER22"));
    CHECK(refusal_of([&] { world.accounts.join(world.accounts.find("noa").id, "PARTY"); }).code ==
          ErrorCode::retention_expired);
}

TEST_CASE("clocks: a day or more apart nothing is erased, and the refusal names both times",
          "[access][postgres]") {
    for (const auto dialect : testing::available_postgresql()) {
        for (const auto apart : {std::chrono::days{1}, std::chrono::days{-1}, std::chrono::days{3652}}) {
            ClockWorld world(dialect);
            world.database_clock.now_ += std::chrono::days{40};  // The event is past its retention.
            world.clock.now_ = world.database_clock.now() + apart;
            const auto before = world.rows();
            for (const auto& verb : erasing_verbs()) {
                INFO(verb.name);
                const ErrorInfo refused = refusal_of([&] { verb.erase(world); });
                CHECK(refused.code == ErrorCode::clocks_differ);
                CHECK(refused.retry == Retry::later);
                CHECK_THAT(refused.message, Catch::Contains(to_iso8601(world.clock.now())) &&
                                                Catch::Contains(to_iso8601(world.database_clock.now())) &&
                                                Catch::Contains("nothing was erased"));
            }
            CHECK(world.rows() == before);
            // What is only looked at is looked at.
            CHECK(world.events.expired().size() == 1);
            CHECK(world.events.purge(world.party.id, DryRun::yes).dry_run);
            CHECK(world.events.remove(world.party.id, DryRun::yes).dry_run);
        }
    }
}

TEST_CASE("clocks: less than a day apart is no difference", "[access]") {
    ClockWorld world(GENERATE(from_range(available_databases())));
    world.clock.now_ += std::chrono::days{1} - std::chrono::milliseconds{1};
    world.tokens.prune();
    CHECK(world.photos.forget(world.photo).left == 0);
    CHECK(world.accounts.remove(world.lea).left() == 0);
    CHECK(world.events.remove(world.party.id).left() == 0);
}

TEST_CASE("clocks: an embedded database has none of its own to differ from", "[access]") {
    ClockWorld world(db::Dialect::sqlite);
    world.clock.now_ += std::chrono::days{3652};
    CHECK(world.events.remove(world.party.id).left() == 0);
}
