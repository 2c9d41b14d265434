#pragma once

#include "db/connection.hpp"
#include "face/face_analyser.hpp"
#include "findme/config.hpp"
#include "findme/match.hpp"
#include "findme/model.hpp"

namespace findme::match {

/// What a search works with. Borrowed.
struct MatcherParts {
    db::Database& database;
    const face::FaceAnalyser& analyser;
    const Config& config;
    const Calibration& calibration;
};

/// Judges the selfies, then compares every face of the event. Keeps nothing.
/// @errors see Findme::match.
[[nodiscard]] MatchReport find_person(const MatchRequest& request, const MatcherParts& parts);

}  // namespace findme::match
