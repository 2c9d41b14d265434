#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findme/clock.hpp"
#include "findme/export.hpp"
#include "findme/face.hpp"
#include "findme/ids.hpp"

namespace findme {

namespace access {
struct Parts;
}

enum class PhotoStatus { pending, processing, done, failed };

/// `PENDING`, `PROCESSING`, `DONE`, `FAILED`: the words of the database.
FINDME_API std::string_view to_string(PhotoStatus status) noexcept;

/// A photo of an event: known by its bytes, found under one or more paths.
struct Photo {
    PhotoId id;
    EventId event;
    ContentHash hash{};
    std::vector<std::string> paths;  ///< Absolute; bytes, as the file system has them; sorted.
    PhotoStatus status = PhotoStatus::pending;
    std::string error_code;     ///< Of a failed photo, as to_string(ErrorCode) writes it.
    std::string error_message;  ///< Why it failed.
    int width_px = 0;           ///< Upright.
    int height_px = 0;          ///< Upright.
    std::optional<Timestamp> captured_at;
    Timestamp indexed_at;
    std::int64_t face_count = 0;
};

/// A face as it is kept, without its template.
struct PhotoFace {
    FaceId id;
    Face face;
};

/// What forgetting a photo took away; counted, then looked for again.
struct ForgetReceipt {
    std::int64_t photos = 0;
    std::int64_t paths = 0;
    std::int64_t faces = 0;
    std::int64_t templates = 0;
    std::int64_t left = 0;  ///< Rows still found afterwards: always 0.
    /// The bytes are gone from the database's log too; false while another reader still holds older pages.
    bool scrubbed = false;
};

/// What an event knows of its photos. Thread-safe.
class FINDME_API Photos {
  public:
    explicit Photos(std::shared_ptr<const access::Parts> parts);
    ~Photos();

    /// In order of id, after `after`, at most `limit` (0: all).
    [[nodiscard]] std::vector<Photo> list(EventId event, PhotoId after, std::int64_t limit);
    /// @param  reference  a path, or at least 8 digits of the SHA-256.
    /// @errors throws Error{not_found}, Error{invalid_argument} when the digits fit several photos.
    [[nodiscard]] Photo find(EventId event, const std::string& reference);
    [[nodiscard]] std::vector<PhotoFace> faces(PhotoId photo);
    /// Removes the photo's rows, faces and templates; the file on disk stays. The audit says so.
    /// @errors throws Error{clocks_differ}.
    ForgetReceipt forget(PhotoId photo);

  private:
    std::shared_ptr<const access::Parts> parts_;
};

}  // namespace findme
