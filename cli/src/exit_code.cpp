#include "exit_code.hpp"

namespace findme::cli {

ExitCode exit_code_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument:
        case ErrorCode::config_invalid:
        case ErrorCode::secret_exposed:
        case ErrorCode::confirmation_required:
        case ErrorCode::index_outdated:
        case ErrorCode::model_missing:
        case ErrorCode::password_refused:
            return ExitCode::usage;
        case ErrorCode::not_found:
            return ExitCode::nothing;
        case ErrorCode::retention_expired:
        case ErrorCode::retention_undecided:
        case ErrorCode::store_denied:
        case ErrorCode::login_refused:
        case ErrorCode::token_refused:
            return ExitCode::denied;
        case ErrorCode::already_exists:
        case ErrorCode::still_responsible:
        case ErrorCode::too_many_requests:
        case ErrorCode::constraint:
        case ErrorCode::store_unreachable:
        case ErrorCode::store_locked:
        case ErrorCode::pool_exhausted:
        case ErrorCode::plan_changed:
        case ErrorCode::clocks_differ:
        case ErrorCode::timed_out:
            return ExitCode::conflict;
        case ErrorCode::schema_outdated:
        case ErrorCode::schema_too_new:
        case ErrorCode::schema_mismatch:
            return ExitCode::schema;
        case ErrorCode::store_corrupt:
        case ErrorCode::model_corrupt:
        case ErrorCode::model_shape_mismatch:
            return ExitCode::corrupt;
        case ErrorCode::cancelled:
            return ExitCode::interrupted;
        case ErrorCode::store_read_only:
        case ErrorCode::store_full:
        case ErrorCode::file_unreadable:
        case ErrorCode::file_unwritable:
        case ErrorCode::image_unsupported:
        case ErrorCode::image_malformed:
        case ErrorCode::image_too_large:
        case ErrorCode::given_up:
        case ErrorCode::no_face:
        case ErrorCode::several_faces:
        case ErrorCode::face_too_small:
        case ErrorCode::face_blurred:
        case ErrorCode::face_not_frontal:
        case ErrorCode::internal:
            return ExitCode::failed;
    }
    return ExitCode::failed;
}

}  // namespace findme::cli
