#include <filesystem>
#include <system_error>
#include <utility>

#include "access/clocks.hpp"
#include "access/journal.hpp"
#include "access/parts.hpp"
#include "base/text.hpp"
#include "db/connection.hpp"
#include "db/retry.hpp"
#include "findme/photo.hpp"
#include "store/photo_repository.hpp"

namespace findme {
namespace {

constexpr std::size_t kMinDigits = 8;

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// The photo at `path`, or those whose hash begins with `digits`: one or two.
std::vector<Photo> photos_named(db::Connection& connection, EventId event, const std::string& path,
                                const std::string& digits) {
    store::PhotoRepository photos(connection);
    if (auto photo = photos.find_by_path(event, path)) return {std::move(*photo)};
    const bool is_hash = digits.size() >= kMinDigits && digits.size() <= 2 * ContentHash{}.size();
    if (!is_hash || !is_hex(digits)) return {};
    return photos.find_by_hash_prefix(event, digits, 2);
}

}  // namespace

Photos::Photos(std::shared_ptr<const access::Parts> parts) : parts_(std::move(parts)) {}
Photos::~Photos() = default;

std::vector<Photo> Photos::list(EventId event, PhotoId after, std::int64_t limit) {
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::PhotoRepository(connection).list(event, after, limit);
    });
}

Photo Photos::find(EventId event, const std::string& reference) {
    std::error_code no_such_path;  // Of an empty reference; it is then no path.
    const auto path = std::filesystem::absolute(reference, no_such_path).lexically_normal().string();
    const std::string digits = base::to_lower_ascii(reference);
    auto found = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return photos_named(connection, event, path, digits);
    });
    if (found.size() == 1) return std::move(found.front());
    if (found.size() > 1) {
        throw Error(ErrorCode::invalid_argument, "several photos begin with " + digits + ": give more digits",
                    reference);
    }
    throw Error(ErrorCode::not_found,
                "the event knows no photo " + base::quoted(reference) +
                    " (a path, or at least 8 digits of its SHA-256)",
                reference);
}

std::vector<PhotoFace> Photos::faces(PhotoId photo) {
    return db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        return store::PhotoRepository(connection).faces(photo);
    });
}

ForgetReceipt Photos::forget(PhotoId photo) {
    access::require_agreed_clocks(*parts_);
    const auto forgotten = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        auto removed = store::PhotoRepository(connection).forget(photo);
        const ForgetReceipt& receipt = removed.receipt;
        if (receipt.photos > 0) {
            access::record(connection, *parts_, "photo.forgotten", access::subject_of(photo),
                           "paths=" + std::to_string(receipt.paths) +
                               " faces=" + std::to_string(receipt.faces) +
                               " templates=" + std::to_string(receipt.templates));
        }
        transaction.commit();
        return removed;
    });
    return db::fetch_retrying(
        *parts_->database,
        [&](db::Connection& connection) { return store::PhotoRepository(connection).prove(forgotten); },
        db::IfInDoubt::repeat);
}

}  // namespace findme
