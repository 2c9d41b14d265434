#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "findme/error.hpp"
#include "store/event_repository.hpp"
#include "store/photo_repository.hpp"
#include "support/test_database.hpp"

// One event in a fresh database, and records to fill it with.

namespace findme::testing {

using store::EventRepository;
using store::FaceRecord;
using store::GalleryRow;
using store::PathVersion;
using store::PhotoRecord;
using store::PhotoRepository;

inline const ModelId kModel = "model-a";
inline const ModelId kOtherModel = "model-b";

inline Event make_event(const std::string& code) {
    Event event;
    event.name = "Anna & Ben";
    event.code = code;
    event.date = Date{std::chrono::year{2026} / 6 / 20};
    event.retention_days = 90;
    event.created_at = FixedClock().now();
    event.expires_at = event.created_at + std::chrono::days{90};
    return event;
}

inline ContentHash hash_of(std::uint8_t first, std::uint8_t rest = 0) {
    ContentHash hash;
    hash.fill(rest);
    hash[0] = first;
    return hash;
}

inline FaceRecord make_face(float seed) {
    FaceRecord record;
    record.face.box = {0.1F + seed, 0.2F, 0.25F, 0.3F};
    for (std::size_t i = 0; i < record.face.landmarks.size(); ++i) {
        record.face.landmarks[i] = {seed + static_cast<float>(i), -seed};
    }
    record.face.score = 0.9F;
    record.face.quality = {120.5F, 33.3F, -0.1F, 12.0F};
    // Of unit length.
    record.face_template.resize(128);
    record.face_template[static_cast<std::size_t>(seed)] = 1;
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
    ForgetReceipt forget(PhotoId photo) { return photos.prove(photos.forget(photo)); }
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
            found.emplace_back(row.face_template.begin(), row.face_template.end());
        });
        return found;
    }

    TestDatabase database;
    std::shared_ptr<db::Connection> connection;
    PhotoRepository photos;
    EventRepository events;
    EventId event;
};

inline ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    FAIL("no error was thrown");
    return {};
}

}  // namespace findme::testing
