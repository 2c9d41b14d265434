#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/parts.hpp"
#include "findme/account.hpp"
#include "findme/event.hpp"

/// The one way in for accounts of every kind: first everything is looked at and nothing written, then all is
/// written in one transaction.
namespace findme::access {

/// A registration that was looked at.
struct Draft {
    Registration registration;  ///< Username and e-mail as they will be kept.
    std::optional<Event> event;
    std::vector<JudgedSelfie> selfies;
    std::vector<ErrorInfo> problems;  ///< All of them; the subject is the field. Empty: may be written.
    std::string password_hash;        ///< Made only where there are no problems.
    std::vector<PhotoId> photos_near;
};

/// Looks, judges selfies and, when all is well, does the work that takes time: nothing of it is left for the
/// transaction.
[[nodiscard]] Draft make_draft(const Parts& parts, Registration registration);

/// Within the caller's writing transaction.
/// @errors throws Error{already_exists} when somebody else was faster.
[[nodiscard]] Registered write_draft(db::Connection& connection, const Parts& parts, const Draft& draft);

/// What was written, for the audit: after everything else of the transaction, because from here on all others
/// wait.
void record_draft(db::Connection& connection, const Parts& parts, const Draft& draft,
                  const Registered& registered);

/// All problems in one: the code of the gravest, a sentence of all, and each by itself.
[[nodiscard]] ErrorInfo sum_up(const Draft& draft);

}  // namespace findme::access
