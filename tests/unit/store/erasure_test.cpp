// A face template that was forgotten is in none of the database's files any more.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "store/event_repository.hpp"
#include "store/photo_repository.hpp"
#include "support/test_database.hpp"

using namespace findme;
using store::PhotoRecord;
using store::PhotoRepository;
using testing::FixedClock;
using testing::TestDatabase;

namespace {

PhotoRecord make_record(EventId event, std::uint32_t number, std::size_t faces, std::mt19937& random) {
    PhotoRecord record;
    record.event = event;
    record.model = "model";
    std::memcpy(record.hash.data(), &number, sizeof number);
    record.path.path = "/" + std::to_string(number) + ".jpg";
    record.indexed_at = FixedClock().now();
    record.faces.resize(faces);
    std::uniform_real_distribution<float> value(-1, 1);
    for (auto& face : record.faces) {
        face.face_template.resize(128);
        for (float& component : face.face_template) component = value(random);
    }
    return record;
}

/// All bytes of the database's files. Only while no connection is open: closing a descriptor of the file
/// drops the locks this process holds on it.
std::string all_bytes(const std::string& file) {
    std::string bytes;
    for (const auto suffix : {"", "-wal", "-shm", "-journal"}) {
        std::ifstream in(file + suffix, std::ios::binary);
        bytes.append(std::istreambuf_iterator<char>(in), {});
    }
    return bytes;
}

/// Any 16 bytes of the template betray it: four floats are as good as a fingerprint.
bool holds_any_part(const std::string& bytes, const Template& face_template) {
    constexpr std::size_t kPart = 16;
    const auto* begin = reinterpret_cast<const char*>(face_template.data());
    for (std::size_t at = 0; at < face_template.size() * sizeof(float); at += kPart) {
        if (bytes.find(std::string(begin + at, kPart)) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("erasure: a forgotten template is in no file of the database, the log included", "[store]") {
    TestDatabase database(db::Dialect::sqlite);
    std::mt19937 random(1);
    std::vector<PhotoRecord> records;
    {
        const auto connection = database.connect();
        Event event;
        event.code = "A7KQ2MXP";
        const EventId id = store::EventRepository(*connection).insert(event);
        for (std::uint32_t i = 0; i < 60; ++i) records.push_back(make_record(id, i, i % 5, random));
        PhotoRepository photos(*connection);
        for (const auto& record : records) photos.save(std::span(&record, 1));
    }
    SECTION("when every photo is forgotten, in any order") {
        auto order = records;
        std::shuffle(order.begin(), order.end(), random);
        const auto connection = database.connect();
        PhotoRepository photos(*connection);
        for (const auto& record : order) {
            const PhotoId id = photos.find_by_path(record.event, record.path.path)->id;
            CHECK(photos.prove(photos.forget(id)).left == 0);
        }
        // What another process would find while this one is still running.
        std::filesystem::copy(database.file(), database.file() + ".copy");
        CHECK(std::filesystem::file_size(database.file() + "-wal") == 0);
        const auto bytes = all_bytes(database.file() + ".copy");
        for (const auto& record : records) {
            for (const auto& face : record.faces) CHECK_FALSE(holds_any_part(bytes, face.face_template));
        }
    }
    SECTION("when every other photo is forgotten, and the rest stays") {
        {
            const auto connection = database.connect();
            PhotoRepository photos(*connection);
            for (std::size_t i = 0; i < records.size(); i += 2) {
                const PhotoId id = photos.find_by_path(records[i].event, records[i].path.path)->id;
                CHECK(photos.prove(photos.forget(id)).left == 0);
            }
        }
        database.close();
        const auto bytes = all_bytes(database.file());
        for (std::size_t i = 0; i < records.size(); ++i) {
            for (const auto& face : records[i].faces)
                CHECK(holds_any_part(bytes, face.face_template) == (i % 2 == 1));
        }
    }
    SECTION("when a photo is indexed again and its templates are replaced") {
        const auto connection = database.connect();
        PhotoRepository photos(*connection);
        PhotoRecord again = make_record(records[4].event, 4, 1, random);
        photos.save(std::span(&again, 1));
        CHECK(connection->scrub());
        std::filesystem::copy(database.file(), database.file() + ".copy");
        const auto bytes = all_bytes(database.file() + ".copy");
        for (const auto& face : records[4].faces) CHECK_FALSE(holds_any_part(bytes, face.face_template));
        CHECK(holds_any_part(bytes, again.faces[0].face_template));
    }
}

TEST_CASE("erasure: while somebody still reads, scrubbing says that the log is not clean yet", "[store]") {
    TestDatabase database(db::Dialect::sqlite);
    const auto writer = database.connect();
    const auto reader = database.connect();
    writer->run_script("PRAGMA busy_timeout=0");
    db::Transaction reading(*reader, db::Access::read);
    reader->run("SELECT count(*) FROM events");
    writer->run("INSERT INTO events (name, event_code) VALUES ('a', 'a')");
    CHECK_FALSE(writer->scrub());
    reading.commit();
    CHECK(writer->scrub());
}
