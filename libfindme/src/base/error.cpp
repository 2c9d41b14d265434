#include "findme/error.hpp"

namespace findme {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument:
            return "invalid_argument";
        case ErrorCode::config_invalid:
            return "config_invalid";
        case ErrorCode::secret_exposed:
            return "secret_exposed";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::already_exists:
            return "already_exists";
        case ErrorCode::index_outdated:
            return "index_outdated";
        case ErrorCode::retention_expired:
            return "retention_expired";
        case ErrorCode::still_responsible:
            return "still_responsible";
        case ErrorCode::login_refused:
            return "login_refused";
        case ErrorCode::password_refused:
            return "password_refused";
        case ErrorCode::token_refused:
            return "token_refused";
        case ErrorCode::too_many_requests:
            return "too_many_requests";
        case ErrorCode::store_unreachable:
            return "store_unreachable";
        case ErrorCode::store_locked:
            return "store_locked";
        case ErrorCode::store_denied:
            return "store_denied";
        case ErrorCode::pool_exhausted:
            return "pool_exhausted";
        case ErrorCode::store_read_only:
            return "store_read_only";
        case ErrorCode::store_full:
            return "store_full";
        case ErrorCode::store_corrupt:
            return "store_corrupt";
        case ErrorCode::schema_outdated:
            return "schema_outdated";
        case ErrorCode::schema_too_new:
            return "schema_too_new";
        case ErrorCode::schema_mismatch:
            return "schema_mismatch";
        case ErrorCode::plan_changed:
            return "plan_changed";
        case ErrorCode::confirmation_required:
            return "confirmation_required";
        case ErrorCode::constraint:
            return "constraint";
        case ErrorCode::clocks_differ:
            return "clocks_differ";
        case ErrorCode::model_missing:
            return "model_missing";
        case ErrorCode::model_corrupt:
            return "model_corrupt";
        case ErrorCode::model_shape_mismatch:
            return "model_shape_mismatch";
        case ErrorCode::file_unreadable:
            return "file_unreadable";
        case ErrorCode::file_unwritable:
            return "file_unwritable";
        case ErrorCode::image_unsupported:
            return "image_unsupported";
        case ErrorCode::image_malformed:
            return "image_malformed";
        case ErrorCode::image_too_large:
            return "image_too_large";
        case ErrorCode::given_up:
            return "given_up";
        case ErrorCode::no_face:
            return "no_face";
        case ErrorCode::several_faces:
            return "several_faces";
        case ErrorCode::face_too_small:
            return "face_too_small";
        case ErrorCode::face_blurred:
            return "face_blurred";
        case ErrorCode::face_not_frontal:
            return "face_not_frontal";
        case ErrorCode::cancelled:
            return "cancelled";
        case ErrorCode::timed_out:
            return "timed_out";
        case ErrorCode::internal:
            return "internal";
    }
    return "internal";
}

}  // namespace findme
