#include "match/matcher.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

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

}  // namespace

MatchReport find_person(const MatchRequest& request, const MatcherParts& parts) {
    MatchReport report;
    report.min_score = request.min_score.value_or(parts.config.match_min_score);
    std::vector<Template> references;
    face::Workspace workspace;
    for (const auto& path : request.selfies) {
        SelfieCheck check{path, std::nullopt, {}};
        if (auto selfie = read_selfie(path, parts.analyser, parts.config, workspace)) {
            check.face = selfie->face;
            references.push_back(selfie->face_template);
        } else {
            check.refused = selfie.error();
        }
        report.selfies.push_back(std::move(check));
    }
    if (references.empty()) return report;

    const auto connection = parts.database.connect();
    store::PhotoRepository photos(*connection);
    const search::Probe probe(std::move(references));
    const double most = distance_of(report.min_score, parts.calibration);
    std::map<PhotoId, Candidate> best;  // Nobody is twice on one photo: the nearest face is the person.
    photos.for_each_template(request.event.id, parts.calibration.model, [&](const store::GalleryRow& row) {
        ++report.faces_searched;
        const Candidate candidate{row.face, row.photo, probe.distance_to(row.face_template)};
        if (candidate.distance > most) return;
        const auto [entry, inserted] = best.emplace(row.photo, candidate);
        if (!inserted && nearer(candidate, entry->second)) entry->second = candidate;
    });

    std::vector<Candidate> ranked;
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
        report.matches.push_back({std::move(*photo), face.front(), candidate.distance,
                                  score_of(candidate.distance, parts.calibration)});
    }
    return report;
}

}  // namespace findme::match
