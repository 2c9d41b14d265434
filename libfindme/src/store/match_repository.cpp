#include "store/match_repository.hpp"

#include <algorithm>

#include "store/columns.hpp"

namespace findme::store {

bool MatchRepository::hold_event(EventId event) {
    // An update that changes nothing locks the row in every dialect.
    return connection_.run("UPDATE events SET name = name WHERE id = $1", {event.value}) == 1;
}

std::vector<FaceOfPhoto> MatchRepository::faces(PhotoId photo, const ModelId& model) {
    std::vector<FaceOfPhoto> found;
    connection_.run(
        "SELECT f.id, t.template FROM faces f JOIN face_templates t ON t.face_id = f.id"
        " WHERE f.photo_id = $1 AND f.model_id = $2 ORDER BY f.id",
        {photo.value, model}, [&](const db::Row& row) {
            FaceOfPhoto face{FaceId{row.integer(0)}, {}};
            face.face_template = read_template(row, 1);
            found.push_back(face);
        });
    return found;
}

std::vector<PhotoId> MatchRepository::photos_of(EventId event, AccountId account) {
    std::vector<PhotoId> found;
    connection_.run(
        "SELECT DISTINCT m.photo_id FROM face_matches m JOIN photos p ON p.id = m.photo_id"
        " WHERE m.user_id = $2 AND p.event_id = $1 AND p.content_hash IS NOT NULL ORDER BY m.photo_id",
        {event.value, account.value}, [&](const db::Row& row) { found.push_back(PhotoId{row.integer(0)}); });
    return found;
}

std::vector<PhotoId> MatchRepository::unmatched(EventId event, const ModelId& model, std::int64_t limit) {
    std::vector<PhotoId> found;
    connection_.run(
        "SELECT m.photo_id FROM photo_models m JOIN photos p ON p.id = m.photo_id"
        " WHERE m.matched_at IS NULL AND m.model_id = $2 AND p.event_id = $1 ORDER BY m.photo_id LIMIT $3",
        {event.value, model, limit}, [&](const db::Row& row) { found.push_back(PhotoId{row.integer(0)}); });
    return found;
}

void MatchRepository::for_each_face_matched_since(
    EventId event, const ModelId& model, Timestamp since,
    const std::function<void(PhotoId, const Template&)>& visit) {
    connection_.run(
        "SELECT m.photo_id, t.template FROM photo_models m JOIN photos p ON p.id = m.photo_id"
        " JOIN faces f ON f.photo_id = m.photo_id AND f.model_id = m.model_id"
        " JOIN face_templates t ON t.face_id = f.id"
        " WHERE p.event_id = $1 AND m.model_id = $2 AND m.matched_at >= $3 ORDER BY t.face_id",
        {event.value, model, to_iso8601(since)},
        [&](const db::Row& row) { visit(PhotoId{row.integer(0)}, read_template(row, 1)); });
}

void MatchRepository::mark_matched(PhotoId photo, const ModelId& model, Timestamp when) {
    connection_.run("UPDATE photo_models SET matched_at = $3 WHERE photo_id = $1 AND model_id = $2",
                    {photo.value, model, to_iso8601(when)});
}

std::map<AccountId, std::int64_t> MatchRepository::scores(PhotoId photo) {
    std::map<AccountId, std::int64_t> scores;
    connection_.run("SELECT user_id, confidence_score FROM face_matches WHERE photo_id = $1", {photo.value},
                    [&](const db::Row& row) {
                        auto& score = scores[AccountId{row.integer(0)}];
                        score = std::max(score, row.integer(1));
                    });
    return scores;
}

void MatchRepository::put(PhotoId photo, AccountId account, std::int64_t score, Timestamp when) {
    // The service may have left several rows for one pair: afterwards there is one.
    remove(photo, account);
    connection_.run(
        "INSERT INTO face_matches (photo_id, user_id, confidence_score, detected_at) VALUES ($1, $2, $3, $4)",
        {photo.value, account.value, score, to_iso8601(when)});
}

void MatchRepository::remove(PhotoId photo, AccountId account) {
    connection_.run("DELETE FROM face_matches WHERE photo_id = $1 AND user_id = $2",
                    {photo.value, account.value});
}

}  // namespace findme::store
