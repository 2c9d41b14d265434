// Events: made, changed, purged, deleted, and who may not.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "access_world.hpp"
#include "store/photo_repository.hpp"
#include "store/references.hpp"

using namespace findme;
using testing::AccessWorld;
using testing::available_databases;

namespace {

using Strings = std::vector<std::string>;

ErrorInfo refusal(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("nothing was refused");
    return {};
}

/// A world with photographers and an event of one guest, who is on one of two photos.
struct EventWorld : AccessWorld {
    explicit EventWorld(db::Dialect dialect) : AccessWorld(dialect) {
        marc = accounts.add(staff("marc", "marc@photo.example", Role::photographer)).account.id;
        sonia = accounts.add(staff("sonia", "sonia@photo.example", Role::photographer)).account.id;
        EventRequest request;
        request.name = "Party";
        request.code = "PARTY";
        request.date = Date{std::chrono::year{2026} / 6 / 20};
        request.retention_days = 30;
        request.photographer = marc;
        party = events.create(request);
        lea = add_guest("lea", "PARTY");
        first_photo = index(1, 2);
        index(2, 0);
        base.connect()->run(
            "INSERT INTO face_matches (photo_id, user_id, confidence_score) VALUES ($1, $2, 98)",
            {first_photo.value, lea.value});
    }

    AccountId add_guest(const std::string& name, const std::string& code) {
        Registration registration = guest(name, name + "@example.org", code);
        registration.selfies = {name + ".1"};
        registration.consent_version = "v1";
        return accounts.add(std::move(registration)).account.id;
    }
    /// One photo with so many faces.
    PhotoId index(std::uint8_t number, std::size_t faces) {
        store::PhotoRecord record;
        record.event = party.id;
        record.model = "model";
        record.hash[0] = number;
        record.path.path = "/" + std::to_string(number) + ".jpg";
        record.indexed_at = clock.now();
        record.faces.resize(faces);
        const auto connection = base.connect();
        store::PhotoRepository repository(*connection);
        repository.save(std::span(&record, 1));
        return repository.find_by_path(party.id, record.path.path)->id;
    }
    /// For the database and for this machine.
    void pass(std::chrono::days days) {
        clock.now_ += days;
        database_clock.now_ += days;
    }
    Strings expired_codes() {
        Strings codes;
        for (const auto& event : events.expired()) codes.push_back(event.code);
        return codes;
    }
    Event update(const std::function<void(EventUpdate&)>& change) {
        EventUpdate update;
        change(update);
        return events.update(party.id, update);
    }

    AccountId marc;
    AccountId sonia;
    AccountId lea;
    Event party;
    PhotoId first_photo;
};

std::int64_t found_in(const ErasureReceipt& receipt, const std::string& table) {
    for (const auto& entry : receipt.tables) {
        if (entry.table == table) return entry.found;
    }
    return -1;
}

}  // namespace

TEST_CASE("events: one is made with its photographer, and the audit says so", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    const Event found = world.events.find(world.party.id);
    CHECK(found.photographer == world.marc);
    CHECK_FALSE(found.purged_at);
    CHECK(world.audited("event:" + std::to_string(world.party.id.value)) == Strings{"event.created"});
}

TEST_CASE("events: only staff that is not disabled can have one", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    EventRequest request;
    request.name = "Another";
    request.photographer = world.lea;
    CHECK(refusal([&] { world.events.create(request); }).code == ErrorCode::invalid_argument);
    world.accounts.set_active(world.sonia, false);
    request.photographer = world.sonia;
    CHECK(refusal([&] { world.events.create(request); }).code == ErrorCode::invalid_argument);
    request.photographer = AccountId{999};
    CHECK(refusal([&] { world.events.create(request); }).code == ErrorCode::not_found);
    CHECK(refusal([&] {
              world.update([&](EventUpdate& update) { update.photographer = world.lea; });
          }).code == ErrorCode::invalid_argument);
    CHECK(world.events.list().size() == 1);
}

TEST_CASE("events: an update changes what it names and nothing else", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    const std::string subject = "event:" + std::to_string(world.party.id.value);
    Event after = world.update([](EventUpdate& update) { update.name = " Gala "; });
    CHECK(after.name == "Gala");
    CHECK(after.code == "PARTY");
    CHECK(after.date == world.party.date);
    CHECK(after.expires_at == world.party.expires_at);
    CHECK(after.photographer == world.marc);

    world.update([](EventUpdate& update) { update.code = "gala-2026"; });
    CHECK(world.events.find("GALA 2026").id == world.party.id);
    CHECK(refusal([&] { static_cast<void>(world.events.find("PARTY")); }).code == ErrorCode::not_found);

    world.update([](EventUpdate& update) {
        update.date = Date{std::chrono::year{2026} / 7 / 1};
        update.retention_days = 10;
    });
    after = world.events.find(world.party.id);
    CHECK(after.date == Date{std::chrono::year{2026} / 7 / 1});
    CHECK(to_iso8601(after.expires_at.value()) == "2026-07-12T00:00:00.000Z");

    world.update([&](EventUpdate& update) { update.photographer = world.sonia; });
    CHECK(world.events.find(world.party.id).photographer == world.sonia);
    world.update([&](EventUpdate& update) { update.no_photographer = true; });
    CHECK_FALSE(world.events.find(world.party.id).photographer);

    const auto entries = world.audited(subject);
    CHECK(entries == Strings{"event.created", "event.updated name=changed", "event.updated code=changed",
                             "event.updated date=changed retention_days=10",
                             "event.updated photographer=" + std::to_string(world.sonia.value),
                             "event.updated photographer=none"});
}

TEST_CASE("events: an update is judged like a new event, and changes nothing when it is refused",
          "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    world.make_event("OTHER22");
    CHECK(refusal([&] { world.update([](EventUpdate& update) { update.code = "other-22"; }); }).code ==
          ErrorCode::already_exists);
    // Its own code in another spelling is no other event's.
    world.update([](EventUpdate& update) { update.code = "par-ty"; });
    const ErrorInfo all = refusal([&] {
        world.update([](EventUpdate& update) {
            update.name = "";
            update.code = "x";
            update.retention_days = 0;
        });
    });
    CHECK(all.code == ErrorCode::invalid_argument);
    for (const auto* part : {"the name is empty", "4 to 32", "retention is 1 to"}) {
        INFO(part);
        CHECK(all.message.find(part) != std::string::npos);
    }
    CHECK(refusal([&] { world.update([](EventUpdate& update) { update.code = ""; }); }).code ==
          ErrorCode::invalid_argument);
    CHECK(refusal([&] { world.events.update(EventId{999}, {}); }).code == ErrorCode::not_found);
    const Event after = world.events.find(world.party.id);
    CHECK(after.name == "Party");
    CHECK(after.code == "PARTY");
    CHECK(after.retention_days == 30);
}

TEST_CASE("events: stats count guests, photos, faces and matches of this event alone", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    world.make_event("OTHER22");
    const AccountId hugo = world.add_guest("hugo", "OTHER22");
    world.accounts.join(hugo, "PARTY");
    world.add_guest("ines", "OTHER22");
    const EventStats stats = world.events.stats(world.party.id);
    CHECK(stats.guests == 1);
    CHECK(stats.joined == 1);
    CHECK(stats.selfies == 2);
    CHECK(stats.photos == 2);
    CHECK(stats.failed == 0);
    CHECK(stats.photos_without_face == 1);
    CHECK(stats.faces == 2);
    CHECK(stats.matches == 1);
    CHECK(stats.matched_guests == 1);
    CHECK(world.events.stats(EventId{999}).guests == 0);
}

TEST_CASE("events: past its retention an event is refused at once, and is expired until it is purged",
          "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    world.events.require_searchable(world.party);
    CHECK(world.expired_codes().empty());
    world.pass(std::chrono::days{60});
    CHECK(refusal([&] { world.events.require_searchable(world.party); }).code ==
          ErrorCode::retention_expired);
    CHECK(world.expired_codes() == Strings{"PARTY"});

    const ErasureReceipt planned = world.events.purge(world.party.id, DryRun::yes);
    CHECK(planned.dry_run);
    CHECK_FALSE(planned.scrubbed);
    CHECK(found_in(planned, "faces") == 2);
    CHECK(world.expired_codes() == Strings{"PARTY"});
    CHECK(world.events.counts(world.party.id).faces == 2);

    const ErasureReceipt receipt = world.events.purge(world.party.id);
    CHECK(receipt.subject == "event:" + std::to_string(world.party.id.value));
    CHECK(receipt.left() == 0);
    CHECK(receipt.scrubbed);
    for (std::size_t i = 0; i < planned.tables.size(); ++i) {
        CHECK(receipt.tables[i].table == planned.tables[i].table);
        CHECK(receipt.tables[i].found == planned.tables[i].found);
    }
    CHECK(world.expired_codes().empty());
    CHECK(world.events.find(world.party.id).purged_at == world.database_clock.now());
    CHECK(world.audited(receipt.subject).back() ==
          "event.purged consents=1 face_matches=1 face_templates=2 faces=2 photo_models=2 selfies=1");
    CHECK(world.accounts.find(world.lea).selfies == 0);
    // Once more does no harm and finds nothing.
    CHECK(found_in(world.events.purge(world.party.id), "faces") == 0);
}

TEST_CASE("events: one that was given more time since it was listed is not purged as expired", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    CHECK_FALSE(world.events.purge_expired(world.party.id));
    world.pass(std::chrono::days{60});
    CHECK(world.expired_codes() == Strings{"PARTY"});
    world.update([](EventUpdate& update) { update.retention_days = 365; });
    const std::string subject = "event:" + std::to_string(world.party.id.value);
    const auto audited = world.audited(subject);
    CHECK_FALSE(world.events.purge_expired(world.party.id));
    CHECK(world.events.counts(world.party.id).faces == 2);
    CHECK_FALSE(world.events.find(world.party.id).purged_at);
    CHECK(world.audited(subject) == audited);
    world.pass(std::chrono::days{600});
    const auto receipt = world.events.purge_expired(world.party.id);
    REQUIRE(receipt);
    CHECK(found_in(*receipt, "faces") == 2);
}

TEST_CASE("events: a run that began before the purge writes no face behind it", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    world.pass(std::chrono::days{60});
    world.events.purge(world.party.id);
    CHECK(refusal([&] { world.index(3, 1); }).code == ErrorCode::retention_expired);
    CHECK(world.count("SELECT count(*) FROM faces") == 0);

    // Extended, it is open again.
    const Event open = world.update([](EventUpdate& update) { update.retention_days = 365; });
    CHECK_FALSE(open.purged_at);
    world.events.require_searchable(world.events.find(world.party.id));
    world.index(3, 1);
    CHECK(world.count("SELECT count(*) FROM faces") == 1);
}

TEST_CASE("events: one that was purged early is not searched until its retention is set anew", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    world.events.purge(world.party.id);
    const ErrorInfo refused =
        refusal([&] { world.events.require_searchable(world.events.find(world.party.id)); });
    CHECK(refused.code == ErrorCode::retention_expired);
    CHECK(refused.message.find("purged") != std::string::npos);
    world.update([](EventUpdate& update) { update.name = "Another name opens nothing"; });
    CHECK(world.events.find(world.party.id).purged_at);
    // A retention that is over already opens nothing either.
    world.update([](EventUpdate& update) { update.date = Date{std::chrono::year{2020} / 1 / 1}; });
    CHECK(world.events.find(world.party.id).purged_at);
    world.update([](EventUpdate& update) { update.date = Date{std::chrono::year{2026} / 6 / 20}; });
    CHECK_FALSE(world.events.find(world.party.id).purged_at);
}

TEST_CASE("events: deleting takes guests, photos and faces, and leaves those who merely joined", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    world.make_event("OTHER22");
    const AccountId hugo = world.add_guest("hugo", "OTHER22");
    world.accounts.join(hugo, "PARTY");

    const ErasureReceipt planned = world.events.remove(world.party.id, DryRun::yes);
    CHECK(found_in(planned, "users") == 1);
    CHECK(found_in(planned, "photos") == 2);
    CHECK(world.events.list().size() == 2);

    const ErasureReceipt receipt = world.events.remove(world.party.id);
    CHECK(receipt.left() == 0);
    CHECK(receipt.scrubbed);
    CHECK(found_in(receipt, "events") == 1);
    for (const auto& table : planned.tables) CHECK(found_in(receipt, table.table) == table.found);
    CHECK(world.events.list().size() == 1);
    CHECK(refusal([&] { static_cast<void>(world.accounts.find(world.lea)); }).code == ErrorCode::not_found);
    CHECK(world.accounts.find(hugo).selfies == 1);
    CHECK(world.accounts.events_of(hugo).size() == 1);
    CHECK(world.accounts.find(world.marc).role == Role::photographer);
    const auto last = world.audited(receipt.subject).back();
    CHECK(last.find("event.deleted ") == 0);
    CHECK(last.find(" photos=2") != std::string::npos);
    CHECK(last.find("lea") == std::string::npos);
    CHECK(world.audit.verify().good());
    CHECK(refusal([&] { world.events.remove(world.party.id); }).code == ErrorCode::not_found);
}

TEST_CASE("events: one with more guests and photos than a batch is deleted whole", "[access][slow]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    const auto connection = world.base.connect();
    {
        db::Transaction transaction(*connection, db::Access::write);
        for (int i = 0; i < 2100; ++i) {
            connection->run(
                "INSERT INTO users (username, email, hashed_password, user_type, event_id, is_active)"
                " VALUES ($1, $1, 'x', 'user', $2, $3)",
                {"guest" + std::to_string(i), world.party.id.value, std::int64_t{1}});
            connection->run(
                "INSERT INTO photos (filename, file_path, photo_type, processing_status, is_indexed, "
                "event_id)"
                " VALUES ('x', 'x', 'group', 'DONE', $1, $2)",
                {std::int64_t{0}, world.party.id.value});
        }
        transaction.commit();
    }
    const ErasureReceipt receipt = world.events.remove(world.party.id);
    CHECK(receipt.left() == 0);
    CHECK(found_in(receipt, "users") == 2101);
    CHECK(found_in(receipt, "photos") == 2102);
    CHECK(world.count("SELECT count(*) FROM photos") == 0);
    CHECK(world.count("SELECT count(*) FROM users") == 2);
    const auto entries = world.audited(receipt.subject);
    CHECK(std::count_if(entries.begin(), entries.end(),
                        [](const std::string& entry) { return entry.find("event.deleting") == 0; }) == 4);
}

TEST_CASE("accounts: a photographer with events is refused until somebody takes over", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    const ErrorInfo refused = refusal([&] { world.accounts.remove(world.marc); });
    CHECK(refused.code == ErrorCode::still_responsible);
    REQUIRE(refused.problems.size() == 1);
    CHECK(refused.problems.front().subject == "PARTY");
    AccountRemoval removal;
    for (const AccountId unfit : {world.marc, world.lea}) {
        removal.reassign_to = unfit;
        CHECK(refusal([&] { world.accounts.remove(world.marc, removal); }).code ==
              ErrorCode::invalid_argument);
    }
    removal.reassign_to = AccountId{999};
    CHECK(refusal([&] { world.accounts.remove(world.marc, removal); }).code == ErrorCode::not_found);
    CHECK(world.events.find(world.party.id).photographer == world.marc);

    removal.reassign_to = world.sonia;
    removal.dry_run = true;
    CHECK(found_in(world.accounts.remove(world.marc, removal), "users") == 1);
    CHECK(world.accounts.find(world.marc).is_active);
    removal.dry_run = false;
    const ErasureReceipt receipt = world.accounts.remove(world.marc, removal);
    CHECK(receipt.left() == 0);
    CHECK(world.events.find(world.party.id).photographer == world.sonia);
    const auto entries = world.audited("user:" + std::to_string(world.marc.value));
    REQUIRE(entries.size() >= 2);
    CHECK(entries[entries.size() - 2] ==
          "user.events_reassigned events=1 to=" + std::to_string(world.sonia.value));
    CHECK(entries.back().find("user.deleted ") == 0);
}

TEST_CASE("accounts: a guest is removed with everything, and may come again", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    const ErasureReceipt receipt = world.accounts.remove(world.lea);
    CHECK(receipt.subject == "user:" + std::to_string(world.lea.value));
    CHECK(receipt.left() == 0);
    CHECK(receipt.scrubbed);
    for (const auto* table :
         {"users", "selfies", "consents", "user_events", "face_matches", "account_tokens"}) {
        INFO(table);
        CHECK(found_in(receipt, table) == 1);
    }
    CHECK(refusal([&] { world.accounts.remove(world.lea); }).code == ErrorCode::not_found);
    CHECK(world.add_guest("lea", "PARTY") != world.lea);
    CHECK(world.audit.verify().good());
}

TEST_CASE("accounts: an export names every table, and shows no secret", "[access]") {
    EventWorld world(GENERATE(from_range(available_databases())));
    const std::string json = world.accounts.export_json(world.lea);
    CHECK(json.find("{\"type\":\"account_export\",\"v\":1,\"account\":{\"id\":") == 0);
    for (const auto* part :
         {"\"username\":\"lea\"", "\"email\":\"lea@example.org\"", "\"role\":\"guest\"", "\"users\":[{",
          "\"selfies\":[{", "\"consents\":[{", "\"account_tokens\":[{", "\"user_events\":[{",
          "\"face_matches\":[{", "\"photos.user_id\":[]", "\"photos.photographer_id\":[]",
          "\"hashed_password\":\"(not shown)\"", "\"token_hash\":\"(not shown)\"", "\"action\":\"user."}) {
        INFO(part);
        CHECK(json.find(part) != std::string::npos);
    }
    for (const auto& reference : store::references_to(*world.base.connect(), "users")) {
        INFO(reference.table);
        CHECK(json.find("\"" + reference.table) != std::string::npos);
    }
    std::string hash;
    world.base.connect()->run("SELECT token_hash FROM account_tokens WHERE user_id = $1", {world.lea.value},
                              [&](const db::Row& row) {
                                  for (const auto byte : row.bytes(0)) {
                                      constexpr std::string_view kDigits = "0123456789abcdef";
                                      hash += kDigits[byte >> 4U];
                                      hash += kDigits[byte & 0xFU];
                                  }
                              });
    REQUIRE(hash.size() == 64);
    CHECK(json.find(hash) == std::string::npos);
    CHECK(refusal([&] { static_cast<void>(world.accounts.export_json(AccountId{999})); }).code ==
          ErrorCode::not_found);
}
