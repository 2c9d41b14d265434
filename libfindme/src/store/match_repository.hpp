#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/clock.hpp"
#include "findme/face.hpp"
#include "findme/ids.hpp"

namespace findme::store {

/// A face of a photo, to be compared.
struct FaceOfPhoto {
    FaceId face;
    Template face_template;
};

/// Rows of face_matches: who is on which photo, one row for each pair, with the best score. Borrows the
/// connection; one thread at a time; transactions are the caller's.
/// @errors every call throws Error{store_*}.
class MatchRepository {
  public:
    explicit MatchRepository(db::Connection& connection) : connection_(connection) {}

    /// Keeps others from changing matches of the event, and the event from going, before this transaction
    /// ends.
    /// @return false when it is gone.
    [[nodiscard]] bool hold_event(EventId event);
    [[nodiscard]] std::vector<FaceOfPhoto> faces(PhotoId photo, const ModelId& model);
    /// Photos of the event that findme indexed and the account is matched on.
    [[nodiscard]] std::vector<PhotoId> photos_of(EventId event, AccountId account);
    /// Photos of the event whose faces were not compared with the guests yet, at most `limit`.
    [[nodiscard]] std::vector<PhotoId> unmatched(EventId event, const ModelId& model, std::int64_t limit);
    /// Faces of photos that were marked as matched at `since` or later, by the database's clock.
    void for_each_face_matched_since(EventId event, const ModelId& model, Timestamp since,
                                     const std::function<void(PhotoId, const Template&)>& visit);
    void mark_matched(PhotoId photo, const ModelId& model, Timestamp when);
    /// Scores by account, 0-100.
    [[nodiscard]] std::map<AccountId, std::int64_t> scores(PhotoId photo);
    void put(PhotoId photo, AccountId account, std::int64_t score, Timestamp when);
    void remove(PhotoId photo, AccountId account);

  private:
    db::Connection& connection_;
};

}  // namespace findme::store
