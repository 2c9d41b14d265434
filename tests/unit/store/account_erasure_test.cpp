// Accounts and events leave no row behind, in whatever tables a database has.
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "erasure_world.hpp"
#include "store/event_repository.hpp"
#include "store/photo_repository.hpp"
#include "support/test_database.hpp"

using namespace findme;
using store::Erasure;
using store::ErasureRepository;
using testing::available_databases;
using testing::available_postgresql;
using testing::found_in;
using testing::Place;
using testing::rows_about;
using testing::Setting;
using testing::settings;
using testing::World;

namespace {

using Rows = std::map<std::string, std::int64_t>;

void check_all(const Rows& rows, const std::function<bool(std::int64_t)>& good) {
    for (const auto& [place, count] : rows) {
        INFO(place << ": " << count);
        CHECK(good(count));
    }
}

bool is_none(std::int64_t rows) {
    return rows == 0;
}
bool is_some(std::int64_t rows) {
    return rows > 0;
}

}  // namespace

TEST_CASE("erasure: an account with a row in every table is removed, and nothing of it is left", "[store]") {
    const Setting setting = GENERATE(from_range(settings()));
    INFO(setting.release);
    Place place(setting);
    const World gone(*place.connection, "gone");
    const World stays(*place.connection, "stays");
    check_all(rows_about(*place.connection, "users", gone.user), is_some);
    const Rows of_other = rows_about(*place.connection, "users", stays.user);

    ErasureRepository erasures(*place.connection);
    const Erasure planned = erasures.look_at_account(AccountId{gone.user});
    const ErasureReceipt receipt = place.remove_account(gone.user);

    CHECK(receipt.left() == 0);
    for (const auto& table : receipt.tables) CHECK(table.found == planned.found.at(table.table));
    for (const auto& reference : store::references_to(*place.connection, "users")) {
        INFO(reference.table);
        CHECK(found_in(receipt, reference.table) >= (reference.on_delete == "CASCADE" ? 1 : 0));
    }
    CHECK(found_in(receipt, "users") == 1);
    CHECK(found_in(receipt, "photos") == 1);
    CHECK(place.number("SELECT count(*) FROM photos WHERE id = " + std::to_string(gone.selfie_photo)) == 0);
    CHECK(place.number("SELECT count(*) FROM photos WHERE id = " + std::to_string(gone.photo)) == 1);
    CHECK(place.number("SELECT count(*) FROM events WHERE id = " + std::to_string(gone.event)) == 1);
    check_all(rows_about(*place.connection, "users", gone.user), is_none);
    CHECK(rows_about(*place.connection, "users", stays.user) == of_other);
}

TEST_CASE("erasure: an event with a row in every table is removed with its guests, and nothing is left",
          "[store]") {
    const Setting setting = GENERATE(from_range(settings()));
    INFO(setting.release);
    Place place(setting);
    const World gone(*place.connection, "gone");
    const World stays(*place.connection, "stays");
    check_all(rows_about(*place.connection, "events", gone.event), is_some);
    const Rows of_other = rows_about(*place.connection, "events", stays.event);
    place.connection->run("INSERT INTO user_events (user_id, event_id) VALUES ($1, $2)",
                          {stays.user, gone.event});
    place.connection->run(
        "INSERT INTO face_matches (photo_id, user_id, confidence_score) VALUES ($1, $2, 90)",
        {gone.photo, stays.user});

    const ErasureReceipt receipt = place.remove_event(gone.event);

    CHECK(receipt.left() == 0);
    CHECK(found_in(receipt, "events") == 1);
    CHECK(found_in(receipt, "users") == 1);
    CHECK(found_in(receipt, "photos") == 2);
    CHECK(found_in(receipt, "user_events") == 2);
    CHECK(found_in(receipt, "face_matches") == 2);
    CHECK(found_in(receipt, "face_templates") == 1);
    check_all(rows_about(*place.connection, "events", gone.event), is_none);
    check_all(rows_about(*place.connection, "users", gone.user), is_none);
    check_all(rows_about(*place.connection, "photos", gone.photo), is_none);
    // Who merely joined is still there, with the own event.
    CHECK(rows_about(*place.connection, "events", stays.event) == of_other);
    CHECK(place.number("SELECT count(*) FROM users WHERE id = " + std::to_string(stays.user)) == 1);
}

TEST_CASE("erasure: every photographer, guest and event of an adopted database can be removed",
          "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        for (const std::string release : {"v87", "v88"}) {
            INFO(release);
            Place place({dialect, release});
            std::vector<std::int64_t> ids;
            place.connection->run("SELECT id FROM events ORDER BY id", {},
                                  [&](const db::Row& row) { ids.push_back(row.integer(0)); });
            CHECK(ids.size() >= 3);
            for (const auto id : ids) CHECK(place.remove_event(id).left() == 0);
            ids.clear();
            place.connection->run("SELECT id FROM users ORDER BY id", {},
                                  [&](const db::Row& row) { ids.push_back(row.integer(0)); });
            CHECK(ids.size() >= 3);
            for (const auto id : ids) CHECK(place.remove_account(id).left() == 0);
            for (const auto* table :
                 {"users", "events", "user_events", "photos", "face_matches", "photo_faces",
                  "password_reset_tokens", "gdrive_integrations", "gdrive_ingestion_log", "local_watchers",
                  "local_ingestion_log", "delete_jobs"}) {
                INFO(table);
                CHECK(place.number(std::string("SELECT count(*) FROM ") + table) == 0);
            }
        }
    }
}

TEST_CASE("erasure: guests of an older release, who name no event, go with the only one they joined",
          "[store]") {
    Place place({GENERATE(from_range(available_databases())), ""});
    const World gone(*place.connection, "gone");
    const World stays(*place.connection, "stays");
    const auto add = [&](const std::string& name, const std::vector<std::int64_t>& joined) {
        std::int64_t id = 0;
        place.connection->run(
            "INSERT INTO users (username, email, hashed_password, user_type, is_active)"
            " VALUES ($1, $1, 'x', 'user', $2) RETURNING id",
            {name, std::int64_t{1}}, [&](const db::Row& row) { id = row.integer(0); });
        for (const auto event : joined)
            place.connection->run("INSERT INTO user_events (user_id, event_id) VALUES ($1, $2)", {id, event});
        return id;
    };
    const auto only = add("only", {gone.event});
    const auto both = add("both", {gone.event, stays.event});
    const auto none = add("none", {});
    const auto there = [&](std::int64_t id) {
        return place.number("SELECT count(*) FROM users WHERE id = " + std::to_string(id));
    };
    CHECK(found_in(place.remove_event(gone.event), "users") == 2);
    CHECK(there(only) == 0);
    CHECK(there(both) == 1);
    CHECK(there(none) == 1);
    CHECK(found_in(place.remove_event(stays.event), "users") == 2);
    CHECK(there(both) == 0);
    CHECK(there(none) == 1);
}

TEST_CASE("erasure: a big event goes in batches, each of which leaves it whole", "[store]") {
    Place place({GENERATE(from_range(available_databases())), ""});
    const World world(*place.connection, "big");
    for (int i = 0; i < 4; ++i) {
        const std::string name = "guest" + std::to_string(i);
        place.connection->run(
            "INSERT INTO users (username, email, hashed_password, user_type, event_id, is_active)"
            " VALUES ($1, $1, 'x', 'user', $2, $3)",
            {name, world.event, std::int64_t{1}});
    }
    // The guest's selfie goes with the guest: with this one two photos are left.
    place.connection->run(
        "INSERT INTO photos (filename, file_path, photo_type, processing_status, is_indexed, event_id)"
        " VALUES ('x', 'x', 'group', 'DONE', $1, $2)",
        {std::int64_t{1}, world.event});
    const auto guests = [&] { return place.number("SELECT count(*) FROM users"); };
    const auto batch = [&] {
        return place.erase([&](ErasureRepository& erasures) {
            return erasures.remove_some_guests(EventId{world.event}, 2);
        });
    };
    CHECK(found_in(batch(), "users") == 2);
    CHECK(guests() == 3);
    CHECK(found_in(batch(), "users") == 2);
    CHECK(guests() == 1);
    CHECK(batch().tables.empty());  // The last ones go with the event.
    CHECK(guests() == 1);
    const auto photos = [&] {
        return place.erase([&](ErasureRepository& erasures) {
            return erasures.remove_some_photos(EventId{world.event}, 1);
        });
    };
    CHECK(found_in(photos(), "photos") == 1);
    CHECK(photos().tables.empty());
    CHECK(place.remove_event(world.event).left() == 0);
    CHECK(guests() == 0);
}

TEST_CASE("erasure: tables that came later, and keys that were lost, keep nobody", "[store]") {
    Place place({GENERATE(from_range(available_databases())), ""});
    place.connection->run_script(
        "CREATE TABLE must (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id));"
        "CREATE TABLE may (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id),"
        " event_id INTEGER REFERENCES events (id), photo_id INTEGER REFERENCES photos (id));");
    if (place.connection->dialect() == db::Dialect::postgresql) {
        place.connection->run_script(
            "ALTER TABLE user_events DROP CONSTRAINT user_events_user_id_fkey,"
            " DROP CONSTRAINT user_events_event_id_fkey;"
            "ALTER TABLE photos DROP CONSTRAINT photos_user_id_fkey;");
    }
    const World world(*place.connection, "gone");
    place.connection->run("DELETE FROM must");
    place.connection->run("DELETE FROM may");
    place.connection->run("DELETE FROM user_events");
    place.connection->run("INSERT INTO user_events (user_id, event_id) VALUES ($1, $2)",
                          {world.user, world.event});
    place.connection->run("INSERT INTO must (id, user_id) VALUES (1, $1)", {world.user});
    place.connection->run("INSERT INTO may (id, user_id, event_id, photo_id) VALUES (1, $1, $2, $3)",
                          {world.user, world.event, world.photo});
    const ErasureReceipt account = place.remove_account(world.user);
    CHECK(account.left() == 0);
    CHECK(found_in(account, "must") == 1);
    CHECK(found_in(account, "may") == 0);
    CHECK(found_in(account, "user_events") == 1);
    CHECK(place.number("SELECT count(*) FROM user_events") == 0);
    CHECK(place.number("SELECT count(*) FROM photos WHERE user_id IS NOT NULL") == 0);
    CHECK(place.number("SELECT count(*) FROM may WHERE user_id IS NULL") == 1);
    CHECK(place.remove_event(world.event).left() == 0);
    CHECK(place.number("SELECT count(*) FROM may WHERE event_id IS NULL AND photo_id IS NULL") == 1);
}

TEST_CASE("erasure: a proof counts what is still there", "[store]") {
    Place place({GENERATE(from_range(available_databases())), ""});
    const World world(*place.connection, "here");
    ErasureRepository erasures(*place.connection);
    // Looked at and not removed: the proof must not be a matter of course.
    const ErasureReceipt account = erasures.prove(erasures.look_at_account(AccountId{world.user}));
    CHECK(account.left() >= 8);
    const ErasureReceipt event = erasures.prove(erasures.look_at_event(EventId{world.event}));
    CHECK(event.left() >= 12);
    const ErasureReceipt purge = erasures.prove(erasures.look_at_purge(EventId{world.event}, {}));
    CHECK(purge.left() >= 8);
    for (const auto& table : purge.tables) CHECK(table.left == table.found);
}

TEST_CASE("erasure: a purge takes all that shows a face, and leaves event, accounts and photo rows",
          "[store]") {
    Place place({GENERATE(from_range(available_databases())), ""});
    const World gone(*place.connection, "gone");
    const World stays(*place.connection, "stays");
    const Rows of_other = rows_about(*place.connection, "events", stays.event);
    const ErasureReceipt receipt = place.purge(gone.event);
    CHECK(receipt.left() == 0);
    for (const auto* table : {"face_templates", "faces", "photo_models", "photo_faces", "face_matches",
                              "selfies", "consents", "photos", "users.selfie_data"}) {
        INFO(table);
        CHECK(found_in(receipt, table) == 1);
    }
    const std::string event = " WHERE event_id = " + std::to_string(gone.event);
    for (const auto* table : {"face_templates", "faces", "photo_faces"})
        CHECK(place.number(std::string("SELECT count(*) FROM ") + table + event) == 0);
    CHECK(place.number("SELECT count(*) FROM users" + event) == 1);
    CHECK(place.number("SELECT count(*) FROM users" + event + " AND selfie_data IS NOT NULL") == 0);
    CHECK(place.number("SELECT count(*) FROM user_events" + event) == 1);
    CHECK(place.number("SELECT count(*) FROM photos" + event) == 1);
    const auto* is_true =
        place.connection->dialect() == db::Dialect::sqlite ? " AND is_indexed = 1" : " AND is_indexed";
    CHECK(place.number("SELECT count(*) FROM photos" + event + is_true) == 0);
    CHECK(place.number("SELECT count(*) FROM photo_paths" + event) == 1);
    CHECK(rows_about(*place.connection, "events", stays.event) == of_other);
    CHECK(found_in(place.purge(gone.event), "faces") == 0);
}

TEST_CASE("erasure: a guest whose other event is within its retention keeps the selfies", "[store]") {
    Place place({GENERATE(from_range(available_databases())), ""});
    const World expired(*place.connection, "expired");
    const World open(*place.connection, "open");
    place.connection->run("INSERT INTO user_events (user_id, event_id) VALUES ($1, $2)",
                          {open.user, expired.event});
    place.connection->run("INSERT INTO user_events (user_id, event_id) VALUES ($1, $2)",
                          {expired.user, open.event});
    const std::vector<EventId> unexpired{EventId{open.event}};
    // One is a guest of the open event, the other joined it.
    CHECK(found_in(place.purge(expired.event, unexpired), "selfies") == 0);
    CHECK(place.number("SELECT count(*) FROM selfies") == 2);
    CHECK(found_in(place.purge(expired.event), "selfies") == 2);
    CHECK(place.number("SELECT count(*) FROM selfies") == 0);
}

TEST_CASE("erasure: into an event that is purged or gone nothing is indexed any more", "[store]") {
    Place place({GENERATE(from_range(available_databases())), ""});
    const World world(*place.connection, "purged");
    store::PhotoRecord record;
    record.event = EventId{world.event};
    record.model = "model";
    record.path.path = "/a.jpg";
    record.faces.resize(1);
    store::PhotoRepository photos(*place.connection);
    const auto refusal = [&] {
        try {
            photos.save(std::span(&record, 1));
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    };
    store::EventRepository events(*place.connection);
    events.set_purged(record.event, testing::FixedClock().now());
    CHECK(refusal() == ErrorCode::retention_expired);
    place.remove_event(world.event);
    CHECK(refusal() == ErrorCode::not_found);
    CHECK(place.number("SELECT count(*) FROM faces") == 0);
}

TEST_CASE("erasure: whoever indexes while an event is purged leaves no face behind it", "[store]") {
    Place place({GENERATE(from_range(available_databases())), ""});
    const World world(*place.connection, "busy");
    std::atomic<int> saved{0};
    std::atomic<bool> ended{false};
    ErrorCode reason = ErrorCode::internal;
    std::thread indexer([&] {
        const auto connection = place.database.connect();
        store::PhotoRepository photos(*connection);
        store::PhotoRecord record;
        record.event = EventId{world.event};
        record.model = "model";
        record.faces.resize(3);
        try {
            for (std::uint8_t number = 1;; ++number) {
                record.hash[0] = number;
                record.path.path = "/" + std::to_string(number) + ".jpg";
                photos.save(std::span(&record, 1));
                ++saved;
            }
        } catch (const Error& error) {
            reason = error.code();
        }
        ended = true;
    });
    while (saved == 0 && !ended) std::this_thread::yield();
    const ErasureReceipt receipt = place.erase([&](ErasureRepository& erasures) {
        store::EventRepository events(*place.connection);
        CHECK(events.hold(EventId{world.event}));
        Erasure purged = erasures.purge(EventId{world.event}, {});
        events.set_purged(EventId{world.event}, testing::FixedClock().now());
        return purged;
    });
    indexer.join();
    CHECK(saved > 0);
    CHECK(reason == ErrorCode::retention_expired);
    CHECK(found_in(receipt, "faces") >= 4);
    CHECK(receipt.left() == 0);
    CHECK(place.number("SELECT count(*) FROM faces") == 0);
}
