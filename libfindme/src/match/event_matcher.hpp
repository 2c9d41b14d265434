#pragma once

#include <memory>

#include "access/parts.hpp"
#include "findme/clock.hpp"
#include "findme/model.hpp"

namespace findme::match {

/// Exact comparison of templates. On a photo the nearest pairs of face and guest win: one guest per face, no
/// guest twice.
/// @param min_score  0-100, what counts as a match.
/// @param clock      borrowed.
[[nodiscard]] std::shared_ptr<const access::EventMatcher> make_event_matcher(const Calibration& calibration,
                                                                             double min_score,
                                                                             const Clock& clock);

}  // namespace findme::match
