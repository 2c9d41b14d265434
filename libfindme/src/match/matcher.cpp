#include "match/matcher.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "db/retry.hpp"
#include "match/selfie.hpp"
#include "search/probe.hpp"
#include "store/photo_repository.hpp"

namespace findme::match {
namespace {

struct Candidate {
    FaceId face;
    PhotoId photo;
    double distance = 0;
};

/// Nearest first; ids break ties, so that equal runs print equal lists.
bool nearer(const Candidate& a, const Candidate& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.face < b.face;
}

/// Searches the event for one person. Fills in what the report says of it, from the start.
void search_event(MatchReport& report, const search::Probe& probe, const MatchRequest& request,
                  const Calibration& calibration, db::Connection& connection) {
    report.faces_searched = 0;
    report.matches.clear();
    // One state of the database for the search and what it finds: a run of `index --reindex` beside it takes
    // nothing away.
    const db::Transaction snapshot(connection, db::Access::read);
    store::PhotoRepository photos(connection);
    const double most = distance_of(report.min_score, calibration);
    std::map<PhotoId, Candidate> best;  // Nobody is twice on one photo: the nearest face is the person.
    photos.for_each_template(request.event.id, calibration.model, [&](const store::GalleryRow& row) {
        ++report.faces_searched;
        const Candidate candidate{row.face, row.photo, probe.distance_to(row.face_template)};
        // Said this way round so that a distance that is no number never matches.
        if (!(candidate.distance <= most)) return;
        const auto [entry, inserted] = best.emplace(row.photo, candidate);
        if (!inserted && nearer(candidate, entry->second)) entry->second = candidate;
    });

    const store::OtherIndex other = photos.indexed_otherwise(request.event.id, calibration.model);
    report.photos_left_out = other.photos;
    if (report.faces_searched == 0 && other.photos > 0) {
        throw Error(ErrorCode::index_outdated,
                    "the event " + request.event.code + " was indexed with the model " + other.model +
                        ", and this findme works with " + calibration.model +
                        ": run `findme index --reindex` on its photos, or go back to the detector and the "
                        "recogniser they were indexed with (see models.detector and models.recogniser)",
                    request.event.code);
    }

    std::vector<Candidate> ranked;
    ranked.reserve(best.size());
    for (const auto& [photo, candidate] : best) ranked.push_back(candidate);
    std::sort(ranked.begin(), ranked.end(), nearer);
    if (request.limit > 0 && ranked.size() > static_cast<std::size_t>(request.limit)) {
        ranked.resize(static_cast<std::size_t>(request.limit));
    }
    for (const auto& candidate : ranked) {
        const std::array<FaceId, 1> id{candidate.face};
        auto photo = photos.find(request.event.id, candidate.photo);
        auto face = photos.faces(id);
        if (!photo || face.empty()) continue;  // Forgotten since the search began.
        report.matches.push_back(
            {std::move(*photo), face.front(), candidate.distance, score_of(candidate.distance, calibration)});
    }
}

}  // namespace

MatchReport find_person(const MatchRequest& request, const MatcherParts& parts) {
    MatchReport report;
    report.min_score = request.min_score.value_or(parts.config.match_min_score);
    if (!(report.min_score >= 0 && report.min_score <= 100)) {
        throw Error(ErrorCode::invalid_argument, "the least score of a match is a number from 0 to 100");
    }
    std::vector<Template> references;
    for (auto& judged : judge_selfies(request.selfies, parts.analyser, parts.config, parts.calibration)) {
        if (!judged.check.refused) references.push_back(judged.face_template);
        report.selfies.push_back(std::move(judged.check));
    }
    if (references.empty()) return report;
    const search::Probe probe(std::move(references));
    db::run_retrying(parts.database, [&](db::Connection& connection) {
        search_event(report, probe, request, parts.calibration, connection);
    });
    return report;
}

}  // namespace findme::match
