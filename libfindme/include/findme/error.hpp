#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "findme/export.hpp"

namespace findme {

/// Every way findme can fail. Codes are only ever added; their names (`to_string`) appear in JSON.
enum class ErrorCode {
    // What the caller asked for.
    invalid_argument,     ///< A value that no retry will make right.
    config_invalid,       ///< A configuration key or value is wrong; the subject names file and line.
    secret_exposed,       ///< A file that holds a secret can be read by others.
    not_found,            ///< The event, photo or model named does not exist.
    already_exists,       ///< The name or code is taken.
    index_outdated,       ///< The event was indexed with another model: nothing can be compared.
    retention_expired,    ///< The event is past its retention: nothing may be searched in it.
    retention_undecided,  ///< Nobody has set the event's retention: nothing is searched in it or purged.
    still_responsible,    ///< A photographer whose events nobody takes over.
    // Who may come in.
    login_refused,      ///< Unknown account, wrong password or another rule; which one is in the log alone.
    password_refused,   ///< A new password that is not good enough; the message gives all reasons.
    token_refused,      ///< Mistyped, unknown, used, voided or expired.
    too_many_requests,  ///< Later again.
    // The store.
    store_unreachable,  ///< The database cannot be opened or answered no more.
    store_locked,       ///< Another process holds the lock; the same call may succeed later.
    store_denied,       ///< The database refuses this role: wrong password, or a missing privilege.
    pool_exhausted,     ///< Every connection to the database was in use for longer than the checkout timeout.
    store_read_only,    ///< The database or its folder cannot be written.
    store_full,         ///< No space left where the database lives.
    store_corrupt,      ///< The database's own checks failed.
    schema_outdated,    ///< The schema needs `findme migrate`.
    schema_too_new,     ///< The schema was made by a newer findme.
    schema_mismatch,    ///< The schema or its history is not what the migrations make.
    plan_changed,       ///< The plan that was asked for is not the one that would run now.
    confirmation_required,  ///< Something would be lost, and nobody agreed to it.
    constraint,             ///< A uniqueness or reference rule of the database refused a row.
    clocks_differ,          ///< This machine's clock and the database's: nothing is erased until they agree.
    // Models.
    model_missing,         ///< A model file is not where it was looked for.
    model_corrupt,         ///< A model file is not the one its hash promises.
    model_shape_mismatch,  ///< A tensor has a shape the network does not take.
    // One file.
    file_unreadable,    ///< The file cannot be opened or read.
    file_unwritable,    ///< The file cannot be written.
    image_unsupported,  ///< A format or variant findme does not decode.
    image_malformed,    ///< Damaged or truncated.
    image_too_large,    ///< Over a limit, judged before any pixel is allocated.
    given_up,           ///< Shared runs have tried it, in vain, and do not try it again.
    // One selfie.
    no_face,
    several_faces,
    face_too_small,
    face_blurred,
    face_not_frontal,
    // The rest.
    cancelled,  ///< Stopped by the caller; what was committed stays.
    timed_out,  ///< Not done within the time that was given; what was committed stays.
    internal,   ///< A bug; please report it.
};

/// Whether the same call may succeed without any change: `later`, or `now` when nothing of it was kept and
/// the cause is already gone or about to go (a deadlock, a server that restarts).
enum class Retry { no, later, now };

/// The stable snake_case name of a code, as JSON shows it.
FINDME_API std::string_view to_string(ErrorCode code) noexcept;

/// What went wrong, with which subject, and what to do about it.
struct ErrorInfo {
    ErrorCode code = ErrorCode::internal;
    std::string message;  ///< One sentence: what, which subject, what to do. UTF-8, no control characters.
    std::string subject = {};  ///< The file, event, key ... it is about; bytes as given, may be empty.
    Retry retry = Retry::no;
    bool in_doubt = false;  ///< The work may or may not have been committed; look before repeating it.
    /// Each thing that is wrong, where several were found at once; the message sums them up.
    std::vector<ErrorInfo> problems = {};
};

/// An operation failed: store gone, schema too old, a bug. One bad item never throws; see Result.
class FINDME_API Error : public std::exception {
  public:
    explicit Error(ErrorInfo info) : info_(std::move(info)) {}
    Error(ErrorCode code, std::string message, std::string subject = {})
        : info_{code, std::move(message), std::move(subject)} {}

    [[nodiscard]] const ErrorInfo& info() const noexcept { return info_; }
    [[nodiscard]] ErrorCode code() const noexcept { return info_.code; }
    [[nodiscard]] const char* what() const noexcept override { return info_.message.c_str(); }

  private:
    ErrorInfo info_;
};

}  // namespace findme
