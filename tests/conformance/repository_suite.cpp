// What the repositories promise on every database.
#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "findme/error.hpp"
#include "store/event_repository.hpp"
#include "store/photo_repository.hpp"
#include "support/test_database.hpp"

using namespace findme;
using store::EventRepository;
using store::FaceRecord;
using store::GalleryRow;
using store::PathVersion;
using store::PhotoRecord;
using store::PhotoRepository;
using testing::available_databases;
using testing::FixedClock;
using testing::TestDatabase;

namespace {

const ModelId kModel = "model-a";
const ModelId kOtherModel = "model-b";

Event make_event(const std::string& code) {
    Event event;
    event.name = "Anna & Ben";
    event.code = code;
    event.date = Date{std::chrono::year{2026} / 6 / 20};
    event.retention_days = 90;
    event.created_at = FixedClock().now();
    event.expires_at = event.created_at + std::chrono::days{90};
    return event;
}

ContentHash hash_of(std::uint8_t first, std::uint8_t rest = 0) {
    ContentHash hash;
    hash.fill(rest);
    hash[0] = first;
    return hash;
}

FaceRecord make_face(float seed) {
    FaceRecord record;
    record.face.box = {0.1F + seed, 0.2F, 0.25F, 0.3F};
    for (std::size_t i = 0; i < record.face.landmarks.size(); ++i) {
        record.face.landmarks[i] = {seed + static_cast<float>(i), -seed};
    }
    record.face.score = 0.9F;
    record.face.quality = {120.5F, 33.3F, -0.1F, 12.0F};
    for (std::size_t i = 0; i < kTemplateSize; ++i)
        record.face_template[i] = seed + static_cast<float>(i) / 7.0F;
    return record;
}

/// One event and what is needed to fill it.
struct Fixture {
    explicit Fixture(db::Dialect dialect)
        : database(dialect), connection(database.connect()), photos(*connection), events(*connection) {
        event = events.insert(make_event("A7KQ2MXP"));
    }

    [[nodiscard]] PhotoRecord record(std::uint8_t hash, const std::string& path,
                                     std::size_t faces = 1) const {
        PhotoRecord made;
        made.event = event;
        made.model = kModel;
        made.hash = hash_of(hash);
        made.path = PathVersion{path, 1000 + hash, 42};
        made.content_type = "image/jpeg";
        made.width_px = 4000;
        made.height_px = 3000;
        made.captured_at = FixedClock().now() - std::chrono::hours{5};
        made.indexed_at = FixedClock().now();
        for (std::size_t i = 0; i < faces; ++i) made.faces.push_back(make_face(static_cast<float>(i)));
        return made;
    }
    [[nodiscard]] PhotoRecord failed(std::uint8_t hash, const std::string& path) const {
        PhotoRecord made = record(hash, path, 0);
        made.status = PhotoStatus::failed;
        made.error = ErrorInfo{ErrorCode::image_malformed, "cannot decode \"a.jpg\"", path};
        return made;
    }
    void save(const PhotoRecord& made) { photos.save(std::span(&made, 1)); }
    [[nodiscard]] std::vector<Photo> all() { return photos.list(event, PhotoId{}, 0); }
    [[nodiscard]] std::int64_t rows(const std::string& table) {
        std::int64_t count = 0;
        connection->run("SELECT count(*) FROM " + table, {},
                        [&](const db::Row& row) { count = row.integer(0); });
        return count;
    }
    [[nodiscard]] std::vector<Template> templates(const ModelId& model) {
        std::vector<Template> found;
        photos.for_each_template(event, model, [&](const GalleryRow& row) {
            std::copy(row.face_template.begin(), row.face_template.end(), found.emplace_back().begin());
        });
        return found;
    }

    TestDatabase database;
    std::shared_ptr<db::Connection> connection;
    PhotoRepository photos;
    EventRepository events;
    EventId event;
};

ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    FAIL("no error was thrown");
    return {};
}

}  // namespace

TEST_CASE("events: what is inserted is found again, to the millisecond", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    Event made = make_event("PARTY2026");
    made.name = "'; DROP TABLE events; -- \xE2\x80\x9Cquoted\xE2\x80\x9D";
    made.created_at += std::chrono::milliseconds{7};
    made.id = store.events.insert(made);
    const auto found = store.events.find_by_code("PARTY2026");
    REQUIRE(found);
    CHECK(found->id == made.id);
    CHECK(found->name == made.name);
    CHECK(found->code == made.code);
    CHECK(found->date == made.date);
    CHECK(found->retention_days == made.retention_days);
    CHECK(found->created_at == made.created_at);
    CHECK(found->expires_at == made.expires_at);
}

TEST_CASE("events: an event without a date has none when it is read", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    Event made = make_event("UNDATED1");
    made.date.reset();
    store.events.insert(made);
    CHECK_FALSE(store.events.find_by_code("UNDATED1")->date);
}

TEST_CASE("events: a code is found however it is spelled, here or there", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.connection->run("INSERT INTO events (name, event_code) VALUES ($1, $2)", {"adopted", "Été 2025-b"});
    store.connection->run("INSERT INTO events (name, event_code) VALUES ($1, $2)",
                          {"adopted", "gala-2025 x"});
    for (const auto spelling : {"A7KQ2MXP", "a7kq-2mxp", " A7KQ 2MXP "}) {
        REQUIRE(store.events.find_by_code(spelling));
        CHECK(store.events.find_by_code(spelling)->id == store.event);
    }
    for (const auto spelling : {"gala-2025 x", "GALA2025X", "Gala 2025 X"}) {
        REQUIRE(store.events.find_by_code(spelling));
        CHECK(store.events.find_by_code(spelling)->code == "gala-2025 x");
    }
    CHECK(store.events.find_by_code("Été 2025-b"));
    CHECK_FALSE(store.events.find_by_code("A7KQ2MX"));
    CHECK_FALSE(store.events.find_by_code("' OR 1=1 --"));
    CHECK_FALSE(store.events.find_by_code(""));
    CHECK_FALSE(store.events.find_by_code(" - "));
}

TEST_CASE("events: two adopted codes that differ in spelling only are never mistaken for one another",
          "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    for (const auto code : {"gala-1", "Gala 1"}) {
        store.connection->run("INSERT INTO events (name, event_code) VALUES ($1, $1)", {code});
    }
    CHECK(store.events.find_by_code("gala-1")->name == "gala-1");
    CHECK(store.events.find_by_code("Gala 1")->name == "Gala 1");
    CHECK_FALSE(store.events.find_by_code("GALA1"));
}

TEST_CASE("events: a code is taken in every spelling", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.connection->run("INSERT INTO events (name, event_code) VALUES ($1, $2)", {"adopted", "gala-2025"});
    CHECK(code_of([&] { store.events.insert(make_event("A7KQ2MXP")); }) == ErrorCode::already_exists);
    CHECK(code_of([&] { store.events.insert(make_event("GALA2025")); }) == ErrorCode::already_exists);
    CHECK(store.events.list().size() == 2);
}

TEST_CASE("events: one without an expiry expires its retention after the day's end, or after its creation",
          "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.connection->run("INSERT INTO events (name, event_code, date) VALUES ($1, $2, $3)",
                          {"adopted", "DATED", "2026-06-20T18:00:00.000Z"});
    store.connection->run("INSERT INTO events (name, event_code, created_at) VALUES ($1, $2, $3)",
                          {"adopted", "UNDATED", "2026-01-01T00:00:00.000Z"});
    store.connection->run("INSERT INTO events (name, event_code) VALUES ($1, $2)", {"adopted", "TIMELESS"});
    CHECK(to_iso8601(store.events.find_by_code("DATED")->expires_at) == "2027-06-21T00:00:00.000Z");
    CHECK(to_iso8601(store.events.find_by_code("UNDATED")->expires_at) == "2027-01-01T00:00:00.000Z");
    // Nothing says when it was: it is over, rather than searchable for ever.
    CHECK(store.events.find_by_code("TIMELESS")->expires_at < FixedClock().now());
}

TEST_CASE("events: the list has the newest first", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.events.insert(make_event("SECOND22"));
    std::vector<std::string> codes;
    for (const auto& event : store.events.list()) codes.push_back(event.code);
    CHECK(codes == std::vector<std::string>{"SECOND22", "A7KQ2MXP"});
}

TEST_CASE("events: counts tell indexed photos, failed ones and faces, of this event alone", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg", 2));
    store.save(store.record(2, "/b.jpg", 3));
    store.save(store.failed(3, "/c.jpg"));
    PhotoRecord elsewhere = store.record(1, "/a.jpg", 1);
    elsewhere.event = store.events.insert(make_event("OTHER222"));
    store.save(elsewhere);
    // A selfie of the web application: no hash, not ours to count.
    store.connection->run(
        "INSERT INTO photos (filename, photo_type, event_id, processing_status)"
        " VALUES ('x', 'selfie', $1, 'DONE')",
        {store.event.value});
    // A second model does not double the faces.
    PhotoRecord again = store.record(1, "/a.jpg", 2);
    again.model = kOtherModel;
    store.save(again);

    const auto counts = store.events.counts(store.event);
    CHECK(counts.photos == 2);
    CHECK(counts.failed == 1);
    CHECK(counts.faces == 5);
    const auto none = store.events.counts(EventId{999});
    CHECK(none.photos + none.failed + none.faces == 0);
}

TEST_CASE("photos: what is saved is found again, with its faces and templates", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    const PhotoRecord made = store.record(0xAB, "/photos/a.jpg", 2);
    store.save(made);
    const auto photo = store.photos.find_by_path(store.event, "/photos/a.jpg");
    REQUIRE(photo);
    CHECK(photo->event == store.event);
    CHECK(photo->hash == made.hash);
    CHECK(photo->paths == std::vector<std::string>{"/photos/a.jpg"});
    CHECK(photo->status == PhotoStatus::done);
    CHECK(photo->error_code.empty());
    CHECK(photo->width_px == 4000);
    CHECK(photo->height_px == 3000);
    CHECK(photo->captured_at == made.captured_at);
    CHECK(photo->indexed_at == made.indexed_at);
    CHECK(photo->face_count == 2);

    const auto faces = store.photos.faces(photo->id);
    REQUIRE(faces.size() == 2);
    for (std::size_t i = 0; i < faces.size(); ++i) {
        const Face& wanted = made.faces[i].face;
        const Face& found = faces[i].face;
        CHECK(found.box.x == wanted.box.x);
        CHECK(found.box.y == wanted.box.y);
        CHECK(found.box.width == wanted.box.width);
        CHECK(found.box.height == wanted.box.height);
        for (std::size_t k = 0; k < wanted.landmarks.size(); ++k) {
            CHECK(found.landmarks[k].x == wanted.landmarks[k].x);
            CHECK(found.landmarks[k].y == wanted.landmarks[k].y);
        }
        CHECK(found.score == wanted.score);
        CHECK(found.quality.height_px == wanted.quality.height_px);
        CHECK(found.quality.sharpness == wanted.quality.sharpness);
        CHECK(found.quality.yaw == wanted.quality.yaw);
        CHECK(found.quality.roll_deg == wanted.quality.roll_deg);
    }
    CHECK(store.templates(kModel) ==
          std::vector<Template>{made.faces[0].face_template, made.faces[1].face_template});

    const std::array<FaceId, 3> asked = {faces[1].id, FaceId{9999}, faces[0].id};
    const auto again = store.photos.faces(asked);
    REQUIRE(again.size() == 2);
    CHECK(again[0].id == faces[1].id);
    CHECK(again[1].id == faces[0].id);
}

TEST_CASE("photos: a path is bytes, NUL and broken UTF-8 included", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    const std::vector<std::string> paths = {
        std::string("/a\0b/c\0d.jpg", 12),
        "/\xFF\xFE.jpg",
        "/'; DROP TABLE photos; --.jpg",
        "/new\nline.jpg",
        "/$1 % _.jpg",
    };
    std::uint8_t hash = 0;
    for (const auto& path : paths) store.save(store.record(++hash, path));
    for (const auto& path : paths) {
        const auto photo = store.photos.find_by_path(store.event, path);
        REQUIRE(photo);
        CHECK(photo->paths == std::vector<std::string>{path});
        CHECK(store.photos.find_path(store.event, path, kModel)->photo == photo->id);
    }
    CHECK_FALSE(store.photos.find_by_path(store.event, "/a"));
    CHECK(store.all().size() == paths.size());
}

TEST_CASE("photos: the same bytes under two names are one photo with two sorted paths", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    const std::array records = {store.record(1, "/z.jpg", 2), store.record(1, "/a.jpg", 2)};
    store.photos.save(records);
    const auto photos = store.all();
    REQUIRE(photos.size() == 1);
    CHECK(photos[0].paths == std::vector<std::string>{"/a.jpg", "/z.jpg"});
    CHECK(store.rows("faces") == 2);
}

TEST_CASE("photos: the same bytes in two events are two photos", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg"));
    PhotoRecord other = store.record(1, "/a.jpg");
    other.event = store.events.insert(make_event("OTHER222"));
    store.save(other);
    CHECK(store.all().size() == 1);
    CHECK(store.templates(kModel).size() == 1);
    CHECK(store.rows("photos") == 2);
    const auto here = store.photos.find_by_path(store.event, "/a.jpg");
    CHECK_FALSE(store.photos.find(other.event, here->id));
}

TEST_CASE("photos: a done record replaces the faces of its model and of no other", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg", 3));
    PhotoRecord other = store.record(1, "/a.jpg", 2);
    other.model = kOtherModel;
    other.indexed_at += std::chrono::hours{1};
    store.save(other);
    CHECK(store.all().at(0).face_count == 2);
    CHECK(store.photos.faces(store.all().at(0).id).size() == 2);
    PhotoRecord again = store.record(1, "/a.jpg", 1);
    again.indexed_at += std::chrono::hours{2};
    store.save(again);
    CHECK(store.templates(kModel).size() == 1);
    CHECK(store.templates(kOtherModel).size() == 2);
    CHECK(store.rows("faces") == 3);
    CHECK(store.rows("face_templates") == 3);
    CHECK(store.all().at(0).face_count == 1);
    CHECK(store.all().at(0).indexed_at == again.indexed_at);
}

TEST_CASE("photos: a failed record says why, and a later good one takes its place", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.failed(1, "/a.jpg"));
    auto photo = store.all().at(0);
    CHECK(photo.status == PhotoStatus::failed);
    CHECK(photo.error_code == "image_malformed");
    CHECK(photo.error_message == "cannot decode \"a.jpg\"");
    CHECK(photo.face_count == 0);
    CHECK_FALSE(store.photos.find_path(store.event, "/a.jpg", kModel)->indexed);
    CHECK_FALSE(store.photos.find_indexed(store.event, hash_of(1), kModel));

    store.save(store.record(1, "/a.jpg", 2));
    photo = store.all().at(0);
    CHECK(photo.status == PhotoStatus::done);
    CHECK(photo.error_code.empty());
    CHECK(photo.error_message.empty());
    CHECK(photo.face_count == 2);
    CHECK(store.rows("photos") == 1);
}

TEST_CASE("photos: a failed record takes nothing from a photo that is done", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg", 2));
    PhotoRecord failed = store.failed(1, "/copy.jpg");
    failed.width_px = 0;
    failed.indexed_at += std::chrono::hours{1};
    store.save(failed);
    const auto photo = store.all().at(0);
    CHECK(photo.status == PhotoStatus::done);
    CHECK(photo.error_code.empty());
    CHECK(photo.width_px == 4000);
    CHECK(photo.face_count == 2);
    CHECK(photo.paths == std::vector<std::string>{"/a.jpg", "/copy.jpg"});
    CHECK(store.templates(kModel).size() == 2);
}

TEST_CASE("photos: a path is known by size, time and model", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    CHECK_FALSE(store.photos.find_path(store.event, "/a.jpg", kModel));
    store.save(store.record(1, "/a.jpg"));
    const auto known = store.photos.find_path(store.event, "/a.jpg", kModel);
    REQUIRE(known);
    CHECK(known->size_bytes == 1001);
    CHECK(known->mtime_ns == 42);
    CHECK(known->indexed);
    CHECK_FALSE(store.photos.find_path(store.event, "/a.jpg", kOtherModel)->indexed);
    CHECK(store.photos.find_indexed(store.event, hash_of(1), kModel) == known->photo);
    CHECK_FALSE(store.photos.find_indexed(store.event, hash_of(1), kOtherModel));
    CHECK_FALSE(store.photos.find_indexed(EventId{999}, hash_of(1), kModel));
}

TEST_CASE("photos: a file whose bytes change leaves its old photo, which goes with its last path",
          "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg", 2));
    store.save(store.record(1, "/b.jpg", 2));
    store.save(store.record(2, "/a.jpg", 1));
    REQUIRE(store.all().size() == 2);
    CHECK(store.all()[0].paths == std::vector<std::string>{"/b.jpg"});
    CHECK(store.all()[1].paths == std::vector<std::string>{"/a.jpg"});

    store.save(store.record(3, "/b.jpg", 1));
    REQUIRE(store.all().size() == 2);
    CHECK(store.all()[0].hash == hash_of(2));
    CHECK(store.rows("faces") == 2);
    CHECK(store.rows("face_templates") == 2);
}

TEST_CASE("photos: one that never had a path is not taken for one that lost its last", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.connection->run(
        "INSERT INTO photos (filename, photo_type, event_id, processing_status, content_hash)"
        " VALUES ('web.jpg', 'uploaded', $1, 'DONE', $2)",
        {store.event.value, db::Bytes(32, 9)});
    store.save(store.record(1, "/a.jpg"));
    store.save(store.record(2, "/a.jpg"));
    REQUIRE(store.all().size() == 2);
    CHECK(store.all()[0].paths.empty());
    CHECK(store.all()[1].hash == hash_of(2));
}

TEST_CASE("photos: two files that swap names within one save are both kept", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    const std::array before = {store.record(1, "/a.jpg", 1), store.record(2, "/b.jpg", 2)};
    store.photos.save(before);
    const std::array after = {store.record(2, "/a.jpg", 2), store.record(1, "/b.jpg", 1)};
    store.photos.save(after);
    CHECK(store.photos.find_by_path(store.event, "/a.jpg")->hash == hash_of(2));
    CHECK(store.photos.find_by_path(store.event, "/b.jpg")->hash == hash_of(1));
    CHECK(store.rows("faces") == 3);
}

TEST_CASE("photos: a path is added to a known photo, and refused for one that is gone", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg", 2));
    const PhotoId photo = store.all().at(0).id;
    CHECK(store.photos.save_path(store.event, photo, PathVersion{"/copy.jpg", 5, 6}));
    CHECK(store.all().at(0).paths == std::vector<std::string>{"/a.jpg", "/copy.jpg"});
    CHECK(store.photos.save_path(store.event, photo, PathVersion{"/copy.jpg", 7, 8}));
    CHECK(store.photos.find_path(store.event, "/copy.jpg", kModel)->size_bytes == 7);

    CHECK_FALSE(store.photos.save_path(store.event, PhotoId{999}, PathVersion{"/x.jpg", 5, 6}));
    CHECK_FALSE(store.photos.save_path(EventId{999}, photo, PathVersion{"/x.jpg", 5, 6}));
    CHECK(store.rows("photo_paths") == 2);

    store.save(store.record(2, "/b.jpg", 1));
    const PhotoId other = store.photos.find_by_path(store.event, "/b.jpg")->id;
    CHECK(store.photos.save_path(store.event, photo, PathVersion{"/b.jpg", 5, 6}));
    CHECK_FALSE(store.photos.find(store.event, other));
    CHECK_FALSE(store.photos.save_path(store.event, other, PathVersion{"/a.jpg", 5, 6}));
}

TEST_CASE("photos: a batch with one impossible record saves none", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    std::array records = {store.record(1, "/a.jpg"), store.record(2, "/b.jpg")};
    records[1].event = EventId{999};
    CHECK(code_of([&] { store.photos.save(records); }) == ErrorCode::constraint);
    CHECK(store.rows("photos") == 0);
    CHECK(store.rows("faces") == 0);
    store.photos.save({});
}

TEST_CASE("photos: the list goes on after an id and stops at its limit", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    for (std::uint8_t hash = 1; hash <= 5; ++hash) {
        store.save(store.record(hash, "/" + std::to_string(hash) + ".jpg", 0));
        store.save(store.record(hash, "/copy/" + std::to_string(hash) + ".jpg", 0));
    }
    const auto all = store.all();
    REQUIRE(all.size() == 5);
    const auto page = store.photos.list(store.event, all[1].id, 2);
    REQUIRE(page.size() == 2);
    CHECK(page[0].id == all[2].id);
    CHECK(page[1].id == all[3].id);
    CHECK(page[1].paths.size() == 2);
    CHECK(store.photos.list(store.event, all[4].id, 2).empty());
    CHECK(store.photos.find(store.event, all[2].id)->hash == hash_of(3));
    CHECK_FALSE(store.photos.find(store.event, PhotoId{999}));
}

TEST_CASE("photos: a prefix of the hash finds them, of odd length and at both ends too", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    std::array records = {store.record(0xAB, "/a.jpg"), store.record(0xAC, "/b.jpg"),
                          store.record(0xFF, "/c.jpg"), store.record(0x00, "/d.jpg")};
    records[2].hash = hash_of(0xFF, 0xFF);
    store.photos.save(records);
    const auto found = [&](const std::string& prefix, std::int64_t limit = 10) {
        std::string paths;
        for (const auto& photo : store.photos.find_by_hash_prefix(store.event, prefix, limit))
            paths += photo.paths.at(0);
        return paths;
    };
    CHECK(found("ab") == "/a.jpg");
    CHECK(found("AB0") == "/a.jpg");
    CHECK(found("a") == "/a.jpg/b.jpg");
    CHECK(found("a", 1) == "/a.jpg");
    CHECK(found("f") == "/c.jpg");
    CHECK(found(std::string(64, 'f')) == "/c.jpg");
    CHECK(found(std::string(63, '0')) == "/d.jpg");
    CHECK(found("") == "/a.jpg/b.jpg/c.jpg/d.jpg");
    CHECK(found("ab1").empty());
    CHECK(found("xyz").empty());
    CHECK(found("' OR 1=1").empty());
    CHECK(found(std::string(65, 'f')).empty());
    CHECK(store.photos.find_by_hash_prefix(EventId{999}, "ab", 10).empty());
}

TEST_CASE("photos: templates come in order of face, of one event and one model", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg", 3));
    store.save(store.record(2, "/b.jpg", 2));
    PhotoRecord other = store.record(1, "/a.jpg", 1);
    other.model = kOtherModel;
    store.save(other);
    std::int64_t last = 0;
    std::vector<PhotoId> of;
    store.photos.for_each_template(store.event, kModel, [&](const GalleryRow& row) {
        CHECK(row.face.value > last);
        last = row.face.value;
        of.push_back(row.photo);
    });
    const auto all = store.all();
    CHECK(of == std::vector<PhotoId>{all[0].id, all[0].id, all[0].id, all[1].id, all[1].id});
    CHECK(store.templates("no such model").empty());
}

TEST_CASE("photos: a face id is never given to another face", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg", 2));
    const auto before = store.photos.faces(store.all().at(0).id);
    store.photos.forget(store.all().at(0).id);
    store.save(store.record(1, "/a.jpg", 2));
    const auto after = store.photos.faces(store.all().at(0).id);
    CHECK(after.front().id > before.back().id);
}

TEST_CASE("photos: a template or a hash of the wrong size is corruption", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg"));
    store.connection->run("UPDATE face_templates SET template = $1", {db::Bytes(511, 1)});
    CHECK(code_of([&] { (void)store.templates(kModel); }) == ErrorCode::store_corrupt);
    store.connection->run("UPDATE faces SET landmarks = $1", {db::Bytes(41, 1)});
    CHECK(code_of([&] { (void)store.photos.faces(store.all().at(0).id); }) == ErrorCode::store_corrupt);
    store.connection->run("UPDATE photos SET captured_at = $1", {"2026-02-30T00:00:00.000Z"});
    CHECK(code_of([&] { (void)store.all(); }) == ErrorCode::store_corrupt);
    store.connection->run("UPDATE photos SET content_hash = $1", {db::Bytes(31, 1)});
    CHECK(code_of([&] { (void)store.all(); }) == ErrorCode::store_corrupt);
}

TEST_CASE("photos: forgetting one counts what went, finds nothing left and touches no other", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg", 3));
    store.save(store.record(1, "/copy.jpg", 3));
    store.save(store.record(2, "/b.jpg", 2));
    const PhotoId photo = store.photos.find_by_path(store.event, "/a.jpg")->id;
    store.connection->run(
        "INSERT INTO users (username, email, hashed_password, user_type, is_active) VALUES ($1, $2, $3, $4, "
        "$5)",
        {"guest", "guest@example.org", "x", "user", 1});
    store.connection->run(
        "INSERT INTO face_matches (photo_id, user_id, confidence_score) SELECT $1, id, 90 FROM users",
        {photo.value});
    store.connection->run("INSERT INTO photo_faces (event_id, photo_id, face_id) VALUES ($1, $2, $3)",
                          {store.event.value, photo.value, "legacy"});

    const auto receipt = store.photos.forget(photo);
    CHECK(receipt.photos == 1);
    CHECK(receipt.paths == 2);
    CHECK(receipt.faces == 3);
    CHECK(receipt.templates == 3);
    CHECK(receipt.left == 0);
    CHECK(store.rows("face_matches") == 0);
    CHECK(store.rows("photo_faces") == 0);
    CHECK(store.rows("photos") == 1);
    CHECK(store.rows("photo_paths") == 1);
    CHECK(store.rows("photo_models") == 1);
    CHECK(store.rows("faces") == 2);
    CHECK(store.rows("face_templates") == 2);

    const auto nothing = store.photos.forget(photo);
    CHECK(nothing.photos + nothing.paths + nothing.faces + nothing.templates + nothing.left == 0);
}
