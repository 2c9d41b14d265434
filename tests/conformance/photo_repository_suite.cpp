// What the photo repository promises on every database.
#include <cmath>
#include <limits>

#include "conformance/repository_fixture.hpp"
#include "store/columns.hpp"

using namespace findme;
using namespace findme::testing;
using store::PathOutcome;

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
    CHECK(store.photos.save_path(store.event, photo, PathVersion{"/copy.jpg", 5, 6}) == PathOutcome::saved);
    CHECK(store.all().at(0).paths == std::vector<std::string>{"/a.jpg", "/copy.jpg"});
    CHECK(store.photos.save_path(store.event, photo, PathVersion{"/copy.jpg", 7, 8}) == PathOutcome::saved);
    CHECK(store.photos.find_path(store.event, "/copy.jpg", kModel)->size_bytes == 7);

    CHECK(store.photos.save_path(store.event, PhotoId{999}, PathVersion{"/x.jpg", 5, 6}) ==
          PathOutcome::photo_gone);
    const EventId elsewhere = store.events.insert(make_event("OTHER222"));
    CHECK(store.photos.save_path(elsewhere, photo, PathVersion{"/x.jpg", 5, 6}) == PathOutcome::photo_gone);
    const auto save_into = [&](EventId event) {
        return code_of([&] {
            (void)store.photos.save_path(event, photo, PathVersion{"/x.jpg", 5, 6}, nullptr);
        });
    };
    CHECK(save_into(EventId{999}) == ErrorCode::not_found);
    store.events.set_purged(elsewhere, FixedClock().now());
    CHECK(save_into(elsewhere) == ErrorCode::retention_expired);
    CHECK(store.rows("photo_paths") == 2);

    store.save(store.record(2, "/b.jpg", 1));
    const PhotoId other = store.photos.find_by_path(store.event, "/b.jpg")->id;
    CHECK(store.photos.save_path(store.event, photo, PathVersion{"/b.jpg", 5, 6}) == PathOutcome::saved);
    CHECK_FALSE(store.photos.find(store.event, other));
    CHECK(store.photos.save_path(store.event, other, PathVersion{"/a.jpg", 5, 6}) == PathOutcome::photo_gone);
}

TEST_CASE("photos: a batch with one impossible record saves none", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    std::array records = {store.record(1, "/a.jpg"), store.record(2, "/b.jpg")};
    records[1].event = EventId{999};
    CHECK(code_of([&] { store.photos.save(records); }) == ErrorCode::not_found);
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
    store.forget(store.all().at(0).id);
    store.save(store.record(1, "/a.jpg", 2));
    const auto after = store.photos.faces(store.all().at(0).id);
    CHECK(after.front().id > before.back().id);
}

TEST_CASE("photos: a template that an earlier release kept, not of unit length, is scaled", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg"));
    const auto keep = [&](const std::vector<float>& numbers) {
        store.connection->run("UPDATE face_templates SET template = $1", {store::to_bytes(numbers)});
    };
    keep({0, 3, 0, -4});
    CHECK(store.templates(kModel) == std::vector<Template>{{0, 0.6F, 0, -0.8F}});
    keep({0, 0});
    CHECK(store.templates(kModel) == std::vector<Template>{{0, 0}});
    keep({std::numeric_limits<float>::quiet_NaN(), 1});
    CHECK(std::isnan(store.templates(kModel).at(0).at(1)));
}

TEST_CASE("photos: a template or a hash of the wrong size is corruption", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg"));
    for (const std::size_t bytes : {0, 1, 511}) {
        store.connection->run("UPDATE face_templates SET template = $1", {db::Bytes(bytes, 1)});
        CHECK(code_of([&] { (void)store.templates(kModel); }) == ErrorCode::store_corrupt);
    }
    store.connection->run("UPDATE faces SET landmarks = $1", {db::Bytes(41, 1)});
    CHECK(code_of([&] { (void)store.photos.faces(store.all().at(0).id); }) == ErrorCode::store_corrupt);
    // Where a time is text anything can get into it; where it is not, an age beyond all years can.
    const bool is_text = store.connection->dialect() == db::Dialect::sqlite;
    store.connection->run("UPDATE photos SET captured_at = $1",
                          {is_text ? "2026-02-30T00:00:00.000Z" : "infinity"});
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

    const auto receipt = store.forget(photo);
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

    const auto nothing = store.forget(photo);
    CHECK(nothing.photos + nothing.paths + nothing.faces + nothing.templates + nothing.left == 0);
}

TEST_CASE("photos: those that only other models know are counted, each once", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    const auto as = [&](std::uint8_t hash, const ModelId& model, int minutes = 0) {
        PhotoRecord record = store.record(hash, "/" + std::to_string(hash) + ".jpg");
        record.model = model;
        record.indexed_at += std::chrono::minutes{minutes};
        return record;
    };
    CHECK(store.photos.indexed_otherwise(store.event, kModel).photos == 0);
    const std::array records{as(1, kModel),         as(2, kOtherModel),    as(3, kModel),
                             as(3, kOtherModel, 1), as(4, kOtherModel, 1), as(4, "model-c", 2),
                             as(5, "model-c", 1),   as(6, "model-c")};
    store.photos.save(records);
    const auto others = store.photos.indexed_otherwise(store.event, kModel);
    CHECK(others.photos == 4);
    CHECK(others.model == "model-c");
    CHECK(store.photos.indexed_otherwise(store.event, "model-d").photos == 6);
    CHECK(store.photos.indexed_otherwise(EventId{9999}, kModel).photos == 0);
}

TEST_CASE("photos: a record that replaces other models leaves nothing of theirs", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    PhotoRecord record = store.record(1, "/a.jpg", 3);
    store.save(record);
    record.model = kOtherModel;
    store.save(record);
    CHECK(store.templates(kModel).size() == 3);
    CHECK(store.templates(kOtherModel).size() == 3);
    record.replaces_other_models = true;
    store.save(record);
    CHECK(store.templates(kModel).empty());
    CHECK(store.templates(kOtherModel).size() == 3);
    CHECK_FALSE(store.photos.find_indexed(store.event, record.hash, kModel));
    CHECK(store.photos.find_indexed(store.event, record.hash, kOtherModel));
}
