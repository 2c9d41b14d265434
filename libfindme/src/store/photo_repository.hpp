#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/error.hpp"
#include "findme/photo.hpp"
#include "store/job_repository.hpp"
#include "store/path_version.hpp"

namespace findme::store {

struct FaceRecord {
    Face face;
    Template face_template;
};

/// All that indexing one file has to say; saved in one piece.
struct PhotoRecord {
    EventId event;
    ModelId model;
    bool replaces_other_models = false;  ///< What they knew of the photo goes.
    ContentHash hash{};
    PathVersion path;
    PhotoStatus status = PhotoStatus::done;  ///< done or failed.
    std::optional<ErrorInfo> error;          ///< Why it failed.
    std::string content_type;                ///< As in `image/jpeg`; empty when unknown.
    int width_px = 0;                        ///< Upright; 0 when unknown.
    int height_px = 0;
    std::optional<Timestamp> captured_at;
    Timestamp indexed_at;
    std::vector<FaceRecord> faces;  ///< In the order they are to be kept.
    std::optional<JobClaim> claim;  ///< Of a shared run: ends in the same transaction, or nothing is saved.
};

/// A path the event knows already.
struct KnownPath {
    PhotoId photo;
    std::int64_t size_bytes = 0;
    std::int64_t mtime_ns = 0;
    bool indexed = false;  ///< DONE under the model asked for.
};

/// What became of a path for a photo that was known.
enum class PathOutcome {
    saved,
    photo_gone,  ///< Forgotten meanwhile, or gone with its last path when two files swapped names.
    claim_lost,  ///< The file is somebody else's to work on by now: nothing was saved.
};

/// A photo that was removed: what went, and what to look for again.
struct Forgotten {
    PhotoId photo;
    std::vector<FaceId> faces;
    ForgetReceipt receipt;
};

/// One template of the gallery, borrowed for the call.
struct GalleryRow {
    FaceId face;
    PhotoId photo;
    std::span<const float> face_template;
};

/// Photos that are indexed under other models alone.
struct OtherIndex {
    std::int64_t photos = 0;
    ModelId model;  ///< Of most of them.
};

/// Photos of an event with their paths, faces and templates. Photos that another program keeps in the same
/// table and findme never indexed (they have no hash) are not seen. Borrows the connection; one thread at a
/// time.
/// @errors every call throws Error{store_*}; Error{store_corrupt} for a row that cannot be what findme wrote.
class PhotoRepository {
  public:
    explicit PhotoRepository(db::Connection& connection) : connection_(connection) {}

    /// Saves all records in one transaction: each photo with its faces, templates and path, or nothing.
    /// The same bytes (event, hash) are one photo. A DONE record replaces what the model knew of the photo; a
    /// FAILED one never takes faces away from a photo that is DONE. A path that moves to other bytes leaves
    /// its old photo, and a photo that loses its last path this way goes with its faces.
    /// @errors throws Error{not_found} when the event was deleted, Error{retention_expired} when it was
    /// purged.
    /// @return the places of those records that were not saved, because their claims no longer hold.
    std::vector<std::size_t> save(std::span<const PhotoRecord> records);
    /// Gives a photo that is known already one more path, in one transaction, by the rules of save().
    /// @param claim  of a shared run, or null; it ends when the path is saved.
    [[nodiscard]] PathOutcome save_path(EventId event, PhotoId photo, const PathVersion& path,
                                        const JobClaim* claim = nullptr);
    /// Whether it was this very record that was saved: for a commit whose answer was lost.
    [[nodiscard]] bool was_saved(const PhotoRecord& record);

    [[nodiscard]] std::optional<KnownPath> find_path(EventId event, const std::string& path,
                                                     const ModelId& model);
    /// The photo of these bytes if it is DONE under this model.
    [[nodiscard]] std::optional<PhotoId> find_indexed(EventId event, const ContentHash& hash,
                                                      const ModelId& model);

    /// In order of id, after `after`, at most `limit` (0: all).
    [[nodiscard]] std::vector<Photo> list(EventId event, PhotoId after, std::int64_t limit);
    [[nodiscard]] std::optional<Photo> find(EventId event, PhotoId photo);
    /// Photos whose hash begins with `hex_prefix`, at most `limit` (0: all), in order of id. None when the
    /// prefix is not hexadecimal.
    [[nodiscard]] std::vector<Photo> find_by_hash_prefix(EventId event, const std::string& hex_prefix,
                                                         std::int64_t limit);
    [[nodiscard]] std::optional<Photo> find_by_path(EventId event, const std::string& path);
    /// Whether any event has a photo at this path.
    [[nodiscard]] bool is_indexed(const std::string& path);
    /// The faces found by the model that indexed the photo last, in their order on the photo.
    [[nodiscard]] std::vector<PhotoFace> faces(PhotoId photo);

    /// Every template of an event under one model, in order of face id.
    void for_each_template(EventId event, const ModelId& model,
                           const std::function<void(const GalleryRow&)>& visit);
    /// What of an event is indexed, but not under this model; nothing when no face was found on any of it.
    [[nodiscard]] OtherIndex indexed_otherwise(EventId event, const ModelId& model);
    /// Where the faces are; in the order of `faces`, without those that are gone.
    [[nodiscard]] std::vector<PhotoFace> faces(std::span<const FaceId> faces);

    /// Removes the photo, its paths, faces, templates and matches, within the caller's writing transaction.
    [[nodiscard]] Forgotten forget(PhotoId photo);
    /// Looks again for what was removed, and has the bytes leave the database's files too: at once or, while
    /// another process reads, when it is done (Connection::scrub). Doing it twice does no harm.
    [[nodiscard]] ForgetReceipt prove(const Forgotten& forgotten);

  private:
    /// @return false when the claim no longer holds.
    [[nodiscard]] bool end_claim(const PhotoRecord& record);
    PhotoId save_photo(const PhotoRecord& record);
    void save_faces(PhotoId photo, const PhotoRecord& record);
    /// Keeps others from removing the photo before this transaction ends.
    /// @return false when it is no longer there.
    [[nodiscard]] bool hold(EventId event, PhotoId photo);
    void move_path(EventId event, PhotoId photo, const PathVersion& path);
    ForgetReceipt remove(PhotoId photo);

    db::Connection& connection_;
};

}  // namespace findme::store
