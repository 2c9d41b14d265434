// What an erasure took is in none of the database's files any more.
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "erasure_world.hpp"
#include "findme/face.hpp"

using namespace findme;
using testing::available_postgresql;
using testing::Place;
using testing::World;

namespace {

Template random_template(std::mt19937& random) {
    Template made(128);
    std::uniform_real_distribution<float> value(-1, 1);
    for (float& component : made) component = value(random);
    return made;
}

db::Bytes bytes_of(const Template& face_template) {
    db::Bytes bytes(face_template.size() * sizeof(float));
    std::memcpy(bytes.data(), face_template.data(), bytes.size());
    return bytes;
}

/// All bytes of the database's files. Only while no connection is open: closing a descriptor of the file
/// drops the locks this process holds on it.
std::string all_bytes(const std::string& file) {
    std::string bytes;
    for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) {
        std::ifstream in(file + suffix, std::ios::binary);
        bytes.append(std::istreambuf_iterator<char>(in), {});
    }
    return bytes;
}

/// Any 16 bytes betray a template: four floats are as good as a fingerprint.
bool holds_any_part(const std::string& bytes, const Template& face_template) {
    constexpr std::size_t kPart = 16;
    const auto raw = bytes_of(face_template);
    for (std::size_t at = 0; at < raw.size(); at += kPart) {
        const auto begin = raw.begin() + static_cast<std::ptrdiff_t>(at);
        if (bytes.find(std::string(begin, begin + kPart)) != std::string::npos) return true;
    }
    return false;
}

void give_template(db::Connection& connection, const World& world, const Template& face_template) {
    connection.run("UPDATE selfies SET template = $2 WHERE user_id = $1",
                   {world.user, bytes_of(face_template)});
    connection.run("UPDATE face_templates SET template = $2 WHERE event_id = $1",
                   {world.event, bytes_of(face_template)});
    connection.run("UPDATE users SET selfie_data = $2 WHERE id = $1", {world.user, bytes_of(face_template)});
    connection.run("UPDATE photos SET photo_data = $2 WHERE id = $1",
                   {world.selfie_photo, bytes_of(face_template)});
}

}  // namespace

TEST_CASE("erasure: what an account, an event or a purge takes is in no file of the database", "[store]") {
    Place place({db::Dialect::sqlite, ""});
    std::mt19937 random(1);
    const World gone(*place.connection, "gone");
    const World stays(*place.connection, "stays");
    const Template secret = random_template(random);
    const Template other = random_template(random);
    give_template(*place.connection, gone, secret);
    give_template(*place.connection, stays, other);
    ErasureReceipt receipt;
    SECTION("an account") {
        // The faces of the event are not the account's: they stay.
        place.connection->run("DELETE FROM face_templates WHERE event_id = $1", {gone.event});
        receipt = place.remove_account(gone.user);
    }
    SECTION("an event") {
        receipt = place.remove_event(gone.event);
    }
    SECTION("a purge") {
        receipt = place.purge(gone.event);
    }
    CHECK(receipt.scrubbed);
    CHECK(receipt.left() == 0);
    // What another process would find while this one is still running.
    CHECK(std::filesystem::file_size(place.database.file() + "-wal") == 0);
    std::filesystem::copy(place.database.file(), place.database.file() + ".copy");
    const auto bytes = all_bytes(place.database.file() + ".copy");
    CHECK_FALSE(holds_any_part(bytes, secret));
    CHECK(holds_any_part(bytes, other));
}

TEST_CASE("erasure: a server has given back the pages of what was purged", "[store][postgres]") {
    for (const auto dialect : available_postgresql()) {
        Place place({dialect, ""});
        const World world(*place.connection, "gone");
        CHECK(place.number("SELECT pg_relation_size('face_templates') + pg_relation_size('selfies')") > 0);
        const ErasureReceipt receipt = place.purge(world.event);
        CHECK(receipt.left() == 0);
        CHECK(receipt.scrubbed);
        for (const auto* table :
             {"face_templates", "faces", "face_matches", "photo_faces", "selfies", "consents"}) {
            INFO(table);
            CHECK(place.number(std::string("SELECT pg_relation_size('") + table + "')") == 0);
        }
    }
}
