#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "findme/error.hpp"
#include "findme/event.hpp"
#include "findme/export.hpp"
#include "findme/face.hpp"
#include "findme/photo.hpp"

namespace findme {

/// A selfie and what became of it.
struct SelfieCheck {
    std::string path;
    std::optional<ErrorInfo> refused;  ///< Why it was not used, and what to do; empty when it was.
    Face face;                         ///< Of an accepted selfie.
    /// Score against the nearest of the other accepted selfies; low when they do not show one person. Empty
    /// when it is the only one.
    std::optional<double> agreement;
};

/// One photo with the searched person on it.
struct Match {
    Photo photo;
    PhotoFace face;       ///< The face that is nearest; nobody is twice on one photo.
    double distance = 0;  ///< Between templates, over all selfies.
    double score = 0;     ///< 0-100, see Calibration.
};

struct MatchRequest {
    Event event;
    std::vector<std::string> selfies;  ///< Pictures of one person.
    std::optional<double> min_score;   ///< Empty: as configured.
    std::int64_t limit = 0;            ///< Best so many; 0: all.
};

struct MatchReport {
    std::vector<SelfieCheck> selfies;
    std::vector<Match> matches;  ///< Best first.
    std::int64_t faces_searched = 0;
    /// Photos indexed with another model alone, which could not be searched.
    std::int64_t photos_left_out = 0;
    double min_score = 0;
};

/// A picture of matches: one tile a photo, the face framed, score and file name below.
struct ContactSheetRequest {
    int columns = 3;
    int tile_width_px = 480;
    std::size_t max_tiles = 60;
};

/// How many photos are on the sheet, and which could not be drawn. Without any, no sheet is written.
struct ContactSheetReport {
    std::size_t tiles = 0;
    std::vector<ErrorInfo> failed;
};

}  // namespace findme
