#include "store/photo_repository.hpp"

#include <array>
#include <limits>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "store/columns.hpp"
#include "store/event_repository.hpp"

namespace findme::store {
namespace {

std::string text_of(PhotoStatus status) {
    return std::string(to_string(status));
}

PhotoStatus read_status(const db::Row& row, int column) {
    const std::string text = row.text(column);
    for (const auto status :
         {PhotoStatus::pending, PhotoStatus::processing, PhotoStatus::done, PhotoStatus::failed}) {
        if (text == to_string(status)) return status;
    }
    throw Error(ErrorCode::store_corrupt,
                "the database is damaged: unknown photo status " + base::quoted(text));
}

/// `LIMIT` for "all" that every dialect takes.
std::int64_t limit_or_all(std::int64_t limit) {
    return limit > 0 ? limit : std::numeric_limits<std::int64_t>::max();
}

/// A path as people are shown it. Columns of text take no NUL and no broken UTF-8; the path itself is kept as
/// bytes.
std::string display_text(const std::string& path) {
    const bool fit = base::is_valid_utf8(path) && path.find('\0') == std::string::npos;
    return fit ? path : base::quoted(path);
}

std::string display_file_name(const std::string& path) {
    return display_text(path.substr(path.find_last_of('/') + 1));
}

db::Bytes landmark_bytes(const Landmarks& landmarks) {
    std::array<float, 10> floats{};
    for (std::size_t i = 0; i < landmarks.size(); ++i) {
        floats[2 * i] = landmarks[i].x;
        floats[2 * i + 1] = landmarks[i].y;
    }
    return to_bytes(floats);
}

Landmarks read_landmarks(const db::Row& row, int column) {
    std::array<float, 10> floats{};
    read_floats(row, column, floats);
    Landmarks landmarks{};
    for (std::size_t i = 0; i < landmarks.size(); ++i) landmarks[i] = {floats[2 * i], floats[2 * i + 1]};
    return landmarks;
}

/// Columns: id, box_x, box_y, box_width, box_height, landmarks, detection_score, height_px, sharpness, yaw,
/// roll_deg.
PhotoFace read_face(const db::Row& row) {
    const auto number = [&](int column) { return static_cast<float>(row.real(column)); };
    PhotoFace found;
    found.id = FaceId{row.integer(0)};
    found.face.box = {number(1), number(2), number(3), number(4)};
    found.face.landmarks = read_landmarks(row, 5);
    found.face.score = number(6);
    found.face.quality = {number(7), number(8), number(9), number(10)};
    return found;
}

/// Columns: id, event_id, content_hash, processing_status, error_code, error_message, width_px, height_px,
/// captured_at, indexed_at, face_count.
Photo read_photo(const db::Row& row) {
    Photo photo;
    photo.id = PhotoId{row.integer(0)};
    photo.event = EventId{row.integer(1)};
    photo.hash = read_hash(row, 2);
    photo.status = read_status(row, 3);
    photo.error_code = read_text_or_empty(row, 4);
    photo.error_message = read_text_or_empty(row, 5);
    photo.width_px = static_cast<int>(read_integer_or_zero(row, 6));
    photo.height_px = static_cast<int>(read_integer_or_zero(row, 7));
    photo.captured_at = read_time(row, 8);
    photo.indexed_at = read_time(row, 9).value_or(Timestamp{});
    photo.face_count = read_integer_or_zero(row, 10);
    return photo;
}

std::int64_t count(db::Connection& connection, std::string_view sql, PhotoId photo) {
    std::int64_t rows = 0;
    connection.run(sql, {photo.value}, [&](const db::Row& row) { rows = row.integer(0); });
    return rows;
}

}  // namespace

std::vector<std::size_t> PhotoRepository::save(std::span<const PhotoRecord> records) {
    std::vector<std::size_t> not_saved;
    db::Transaction transaction(connection_, db::Access::write);
    EventId held;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const PhotoRecord& record = records[i];
        if (record.event != held) EventRepository(connection_).hold_open(record.event);
        held = record.event;
        // First: it locks the job, so that nobody takes it over before the photo is there.
        if (record.claim && !end_claim(record)) {
            not_saved.push_back(i);
            continue;
        }
        const PhotoId photo = save_photo(record);
        if (record.status == PhotoStatus::done) save_faces(photo, record);
        move_path(record.event, photo, record.path);
    }
    transaction.commit();
    return not_saved;
}

bool PhotoRepository::end_claim(const PhotoRecord& record) {
    JobRepository jobs(connection_);
    if (record.status == PhotoStatus::done) return jobs.finish(*record.claim);
    return jobs.give_up(*record.claim, record.error.value_or(ErrorInfo{}).message);
}

PhotoId PhotoRepository::save_photo(const PhotoRecord& record) {
    const std::string name = display_file_name(record.path.path);
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? db::Value{} : db::Value{text};
    };
    const auto size_or_null = [](int px) { return px == 0 ? db::Value{} : db::Value{std::int64_t{px}}; };
    const ErrorInfo error = record.error.value_or(ErrorInfo{});
    PhotoId photo;
    const db::RowVisitor take_id = [&](const db::Row& row) { photo.value = row.integer(0); };
    // A FAILED record meets a DONE photo when the file could not be read this time, or not under this model:
    // what is known of the photo stays, and the WHERE keeps the row as it is.
    connection_.run(
        "INSERT INTO photos (filename, original_filename, content_type, photo_type, event_id, content_hash,"
        " processing_status, error_code, error_message, width_px, height_px, captured_at, uploaded_at, "
        "updated_at,"
        // What an adopted database wants to be told.
        " file_path, show_in_general, is_indexed)"
        " VALUES ($1, $1, $2, 'uploaded', $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $13, $14, $15)"
        " ON CONFLICT (event_id, content_hash) WHERE content_hash IS NOT NULL DO UPDATE SET"
        " content_type = excluded.content_type, processing_status = excluded.processing_status,"
        " error_code = excluded.error_code, error_message = excluded.error_message, width_px = "
        "excluded.width_px,"
        " height_px = excluded.height_px, captured_at = excluded.captured_at, updated_at = "
        "excluded.updated_at,"
        " is_indexed = excluded.is_indexed"
        " WHERE excluded.processing_status = $12 OR photos.processing_status <> $12"
        " RETURNING id",
        {name, text_or_null(record.content_type), record.event.value, to_bytes(record.hash),
         text_of(record.status), record.error ? db::Value{std::string(to_string(error.code))} : db::Value{},
         record.error ? db::Value{error.message} : db::Value{}, size_or_null(record.width_px),
         size_or_null(record.height_px), time_value(record.captured_at), to_iso8601(record.indexed_at),
         text_of(PhotoStatus::done), display_text(record.path.path), 0,
         record.status == PhotoStatus::done ? 1 : 0},
        take_id);
    if (photo.value == 0) {
        connection_.run("SELECT id FROM photos WHERE event_id = $1 AND content_hash = $2",
                        {record.event.value, to_bytes(record.hash)}, take_id);
    }
    return photo;
}

void PhotoRepository::save_faces(PhotoId photo, const PhotoRecord& record) {
    connection_.run("DELETE FROM faces WHERE photo_id = $1 AND model_id = $2", {photo.value, record.model});
    if (record.replaces_other_models) {
        connection_.run("DELETE FROM faces WHERE photo_id = $1 AND model_id <> $2",
                        {photo.value, record.model});
        connection_.run("DELETE FROM photo_models WHERE photo_id = $1 AND model_id <> $2",
                        {photo.value, record.model});
    }
    std::int64_t ordinal = 0;
    for (const FaceRecord& found : record.faces) {
        const auto& [box, landmarks, score, quality] = found.face;
        std::int64_t id = 0;
        connection_.run(
            "INSERT INTO faces (photo_id, event_id, model_id, ordinal, box_x, box_y, box_width, box_height, "
            "landmarks,"
            " detection_score, height_px, sharpness, yaw, roll_deg)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id",
            {photo.value, record.event.value, record.model, ordinal++, box.x, box.y, box.width, box.height,
             landmark_bytes(landmarks), score, quality.height_px, quality.sharpness, quality.yaw,
             quality.roll_deg},
            [&](const db::Row& row) { id = row.integer(0); });
        connection_.run(
            "INSERT INTO face_templates (face_id, event_id, model_id, template) VALUES ($1, $2, $3, $4)",
            {id, record.event.value, record.model, to_bytes(found.face_template)});
    }
    connection_.run(
        "INSERT INTO photo_models (photo_id, model_id, indexed_at, face_count) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (photo_id, model_id) DO UPDATE SET indexed_at = excluded.indexed_at,"
        " face_count = excluded.face_count, matched_at = NULL",
        {photo.value, record.model, to_iso8601(record.indexed_at), ordinal});
}

PathOutcome PhotoRepository::save_path(EventId event, PhotoId photo, const PathVersion& path,
                                       const JobClaim* claim) {
    db::Transaction transaction(connection_, db::Access::write);
    // First, as whoever purges or deletes the event does: the rows below refer to it.
    EventRepository(connection_).hold_open(event);
    if (claim != nullptr && !JobRepository(connection_).finish(*claim)) return PathOutcome::claim_lost;
    if (!hold(event, photo)) return PathOutcome::photo_gone;
    move_path(event, photo, path);
    transaction.commit();
    return PathOutcome::saved;
}

bool PhotoRepository::was_saved(const PhotoRecord& record) {
    bool saved = false;
    connection_.run(
        "SELECT 1 FROM photos p JOIN photo_paths t ON t.photo_id = p.id"
        " WHERE p.event_id = $1 AND p.content_hash = $2 AND p.updated_at = $3 AND t.path = $4"
        " AND t.size_bytes = $5 AND t.mtime_ns = $6",
        {record.event.value, to_bytes(record.hash), to_iso8601(record.indexed_at), to_bytes(record.path.path),
         record.path.size_bytes, record.path.mtime_ns},
        [&](const db::Row&) { saved = true; });
    return saved;
}

bool PhotoRepository::hold(EventId event, PhotoId photo) {
    // An update that changes nothing locks the row in every dialect.
    return connection_.run("UPDATE photos SET updated_at = updated_at WHERE id = $1 AND event_id = $2",
                           {photo.value, event.value}) == 1;
}

void PhotoRepository::move_path(EventId event, PhotoId photo, const PathVersion& path) {
    std::optional<PhotoId> former;
    connection_.run("SELECT photo_id FROM photo_paths WHERE event_id = $1 AND path = $2",
                    {event.value, to_bytes(path.path)},
                    [&](const db::Row& row) { former = PhotoId{row.integer(0)}; });
    connection_.run(
        "INSERT INTO photo_paths (event_id, photo_id, path, size_bytes, mtime_ns) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (event_id, path) DO UPDATE SET photo_id = excluded.photo_id,"
        " size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns",
        {event.value, photo.value, to_bytes(path.path), path.size_bytes, path.mtime_ns});
    if (!former || *former == photo || !hold(event, *former)) return;
    if (count(connection_, "SELECT count(*) FROM photo_paths WHERE photo_id = $1", *former) == 0)
        remove(*former);
}

std::optional<KnownPath> PhotoRepository::find_path(EventId event, const std::string& path,
                                                    const ModelId& model) {
    std::optional<KnownPath> known;
    connection_.run(
        "SELECT t.photo_id, t.size_bytes, t.mtime_ns, m.photo_id FROM photo_paths t"
        " JOIN photos p ON p.id = t.photo_id"
        " LEFT JOIN photo_models m ON m.photo_id = p.id AND m.model_id = $3 AND p.processing_status = $4"
        " WHERE t.event_id = $1 AND t.path = $2",
        {event.value, to_bytes(path), model, text_of(PhotoStatus::done)}, [&](const db::Row& row) {
            known = KnownPath{PhotoId{row.integer(0)}, row.integer(1), row.integer(2), !row.is_null(3)};
        });
    return known;
}

std::optional<PhotoId> PhotoRepository::find_indexed(EventId event, const ContentHash& hash,
                                                     const ModelId& model) {
    std::optional<PhotoId> photo;
    connection_.run(
        "SELECT p.id FROM photos p JOIN photo_models m ON m.photo_id = p.id"
        " WHERE p.event_id = $1 AND p.content_hash = $2 AND m.model_id = $3 AND p.processing_status = $4",
        {event.value, to_bytes(hash), model, text_of(PhotoStatus::done)},
        [&](const db::Row& row) { photo = PhotoId{row.integer(0)}; });
    return photo;
}

std::vector<Photo> PhotoRepository::list(EventId event, PhotoId after, std::int64_t limit) {
    std::vector<Photo> photos;
    // One row per path. The limit is on photos, so it stands inside.
    connection_.run(
        "SELECT p.id, p.event_id, p.content_hash, p.processing_status, p.error_code, p.error_message, "
        "p.width_px,"
        " p.height_px, p.captured_at, p.indexed_at,"
        " (SELECT m.face_count FROM photo_models m WHERE m.photo_id = p.id"
        "  ORDER BY m.indexed_at DESC, m.model_id LIMIT 1), t.path"
        " FROM (SELECT id, event_id, content_hash, processing_status, error_code, error_message, width_px, "
        "height_px,"
        "  captured_at, coalesce(updated_at, uploaded_at) AS indexed_at FROM photos"
        "  WHERE event_id = $1 AND id > $2 AND content_hash IS NOT NULL ORDER BY id LIMIT $3) p"
        " LEFT JOIN photo_paths t ON t.photo_id = p.id ORDER BY p.id, t.path",
        {event.value, after.value, limit_or_all(limit)}, [&](const db::Row& row) {
            if (photos.empty() || photos.back().id.value != row.integer(0)) photos.push_back(read_photo(row));
            if (!row.is_null(11)) photos.back().paths.push_back(read_path(row, 11));
        });
    return photos;
}

std::optional<Photo> PhotoRepository::find(EventId event, PhotoId photo) {
    auto next = list(event, PhotoId{photo.value - 1}, 1);
    if (next.empty() || next.front().id != photo) return std::nullopt;
    return std::move(next.front());
}

std::vector<Photo> PhotoRepository::find_by_hash_prefix(EventId event, const std::string& hex_prefix,
                                                        std::int64_t limit) {
    constexpr std::size_t kDigits = 2 * std::tuple_size_v<ContentHash>;
    if (hex_prefix.size() > kDigits) return {};
    const std::string rest(kDigits - hex_prefix.size(), '0');
    const auto lowest = content_hash_from_hex(hex_prefix + rest);
    const auto highest = content_hash_from_hex(hex_prefix + std::string(rest.size(), 'f'));
    if (!lowest || !highest) return {};
    std::vector<PhotoId> ids;
    connection_.run(
        "SELECT id FROM photos WHERE event_id = $1 AND content_hash >= $2 AND content_hash <= $3"
        " ORDER BY id LIMIT $4",
        {event.value, to_bytes(*lowest), to_bytes(*highest), limit_or_all(limit)},
        [&](const db::Row& row) { ids.push_back(PhotoId{row.integer(0)}); });
    std::vector<Photo> photos;
    for (const PhotoId id : ids) {
        if (auto photo = find(event, id)) photos.push_back(std::move(*photo));
    }
    return photos;
}

std::optional<Photo> PhotoRepository::find_by_path(EventId event, const std::string& path) {
    std::optional<PhotoId> id;
    connection_.run("SELECT photo_id FROM photo_paths WHERE event_id = $1 AND path = $2",
                    {event.value, to_bytes(path)}, [&](const db::Row& row) { id = PhotoId{row.integer(0)}; });
    return id ? find(event, *id) : std::nullopt;
}

bool PhotoRepository::is_indexed(const std::string& path) {
    bool found = false;
    // By way of the events: an index leads from an event and a path to the photo, none from a path alone.
    connection_.run("SELECT 1 FROM events e JOIN photo_paths p ON p.event_id = e.id AND p.path = $1 LIMIT 1",
                    {to_bytes(path)}, [&](const db::Row&) { found = true; });
    return found;
}

std::vector<PhotoFace> PhotoRepository::faces(PhotoId photo) {
    std::vector<PhotoFace> found;
    connection_.run(
        "SELECT id, box_x, box_y, box_width, box_height, landmarks, detection_score, height_px, sharpness, "
        "yaw, roll_deg"
        " FROM faces WHERE photo_id = $1 AND model_id = (SELECT m.model_id FROM photo_models m"
        " WHERE m.photo_id = $1 ORDER BY m.indexed_at DESC, m.model_id LIMIT 1) ORDER BY ordinal",
        {photo.value}, [&](const db::Row& row) { found.push_back(read_face(row)); });
    return found;
}

OtherIndex PhotoRepository::indexed_otherwise(EventId event, const ModelId& model) {
    OtherIndex found;
    // Nearly always there is no other model, and an index tells so at once.
    bool has_others = false;
    connection_.run(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM face_templates WHERE event_id = $1 AND model_id < $2)"
        " OR EXISTS (SELECT 1 FROM face_templates WHERE event_id = $1 AND model_id > $2)",
        {event.value, model}, [&](const db::Row&) { has_others = true; });
    if (!has_others) return found;
    std::int64_t most = 0;
    connection_.run(
        "SELECT o.model_id, count(*) FROM photos p JOIN photo_models o ON o.photo_id = p.id"
        " WHERE p.event_id = $1 AND p.processing_status = $3"
        // Only what was indexed last counts: a photo may be known to several.
        " AND o.model_id <> $2 AND NOT EXISTS (SELECT 1 FROM photo_models m WHERE m.photo_id = p.id"
        "  AND (m.model_id = $2 OR m.indexed_at > o.indexed_at"
        "   OR (m.indexed_at = o.indexed_at AND m.model_id < o.model_id)))"
        " GROUP BY o.model_id ORDER BY o.model_id",
        {event.value, model, text_of(PhotoStatus::done)}, [&](const db::Row& row) {
            found.photos += row.integer(1);
            if (row.integer(1) <= most) return;
            most = row.integer(1);
            found.model = row.text(0);
        });
    return found;
}

void PhotoRepository::for_each_template(EventId event, const ModelId& model,
                                        const std::function<void(const GalleryRow&)>& visit) {
    connection_.run(
        "SELECT t.face_id, f.photo_id, t.template FROM face_templates t JOIN faces f ON f.id = t.face_id"
        " WHERE t.event_id = $1 AND t.model_id = $2 ORDER BY t.face_id",
        {event.value, model}, [&](const db::Row& row) {
            const Template face_template = read_template(row, 2);
            visit(GalleryRow{FaceId{row.integer(0)}, PhotoId{row.integer(1)}, face_template});
        });
}

std::vector<PhotoFace> PhotoRepository::faces(std::span<const FaceId> faces) {
    std::vector<PhotoFace> found;
    found.reserve(faces.size());
    for (const FaceId id : faces) {
        connection_.run(
            "SELECT id, box_x, box_y, box_width, box_height, landmarks, detection_score, height_px, "
            "sharpness, yaw,"
            " roll_deg FROM faces WHERE id = $1",
            {id.value}, [&](const db::Row& row) { found.push_back(read_face(row)); });
    }
    return found;
}

ForgetReceipt PhotoRepository::remove(PhotoId photo) {
    // Children first and by name, though most would cascade: the receipt counts them, and `face_matches` of
    // an adopted database does not cascade.
    const auto erase = [&](std::string_view sql) { return connection_.run(sql, {photo.value}); };
    ForgetReceipt receipt;
    receipt.templates =
        erase("DELETE FROM face_templates WHERE face_id IN (SELECT id FROM faces WHERE photo_id = $1)");
    receipt.faces = erase("DELETE FROM faces WHERE photo_id = $1");
    // A worker that is at one of its files right now saves nothing of it any more.
    erase(
        "DELETE FROM index_jobs WHERE (event_id, path) IN"
        " (SELECT event_id, path FROM photo_paths WHERE photo_id = $1)");
    receipt.paths = erase("DELETE FROM photo_paths WHERE photo_id = $1");
    erase("DELETE FROM photo_models WHERE photo_id = $1");
    erase("DELETE FROM photo_faces WHERE photo_id = $1");
    erase("DELETE FROM face_matches WHERE photo_id = $1");
    receipt.photos = erase("DELETE FROM photos WHERE id = $1");
    return receipt;
}

Forgotten PhotoRepository::forget(PhotoId photo) {
    Forgotten forgotten;
    forgotten.photo = photo;
    connection_.run("SELECT id FROM faces WHERE photo_id = $1", {photo.value},
                    [&](const db::Row& row) { forgotten.faces.push_back(FaceId{row.integer(0)}); });
    forgotten.receipt = remove(photo);
    return forgotten;
}

ForgetReceipt PhotoRepository::prove(const Forgotten& forgotten) {
    ForgetReceipt receipt = forgotten.receipt;
    // False while another process reads an older state: then it happens when that one is done.
    receipt.scrubbed = connection_.scrub();

    for (const std::string_view sql : {
             "SELECT count(*) FROM photos WHERE id = $1",
             "SELECT count(*) FROM photo_paths WHERE photo_id = $1",
             "SELECT count(*) FROM photo_models WHERE photo_id = $1",
             "SELECT count(*) FROM photo_faces WHERE photo_id = $1",
             "SELECT count(*) FROM face_matches WHERE photo_id = $1",
             "SELECT count(*) FROM faces WHERE photo_id = $1",
         }) {
        receipt.left += count(connection_, sql, forgotten.photo);
    }
    // Templates hang on faces that are gone: they are looked for by the ids that the faces had.
    for (const FaceId face : forgotten.faces) {
        connection_.run("SELECT count(*) FROM face_templates WHERE face_id = $1", {face.value},
                        [&](const db::Row& row) { receipt.left += row.integer(0); });
    }
    return receipt;
}

}  // namespace findme::store
