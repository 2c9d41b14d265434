#include "match/event_matcher.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "search/probe.hpp"
#include "store/match_repository.hpp"
#include "store/photo_repository.hpp"
#include "store/selfie_repository.hpp"

namespace findme::match {
namespace {

struct Guest {
    AccountId account;
    search::Probe probe;
};

/// A face that may be a guest.
struct Pair {
    double distance = 0;
    FaceId face;
    AccountId account;
};

bool nearer(const Pair& a, const Pair& b) {
    return std::tie(a.distance, a.face, a.account) < std::tie(b.distance, b.face, b.account);
}

class ExactEventMatcher final : public access::EventMatcher {
  public:
    ExactEventMatcher(Calibration calibration, double min_score, const Clock& clock)
        : calibration_(std::move(calibration)), most_(distance_of(min_score, calibration_)), clock_(clock) {}

    [[nodiscard]] std::vector<PhotoId> photos_near(db::Connection& connection, EventId event,
                                                   std::span<const Template> references) const override {
        if (references.empty()) return {};
        const search::Probe probe({references.begin(), references.end()});
        std::set<PhotoId> near;
        store::PhotoRepository(connection)
            .for_each_template(event, calibration_.model, [&](const store::GalleryRow& row) {
                if (probe.distance_to(row.face_template) <= most_) near.insert(row.photo);
            });
        return {near.begin(), near.end()};
    }

    void rematch(db::Connection& connection, EventId event, AccountId account,
                 std::span<const PhotoId> photos) const override {
        store::MatchRepository matches(connection);
        if (!matches.hold_event(event)) return;
        const auto matched = matches.photos_of(event, account);
        std::set<PhotoId> touched(photos.begin(), photos.end());
        touched.insert(matched.begin(), matched.end());
        const auto guests = guests_of(connection, event);
        add_recent(connection, event, account, guests, touched);
        for (const PhotoId photo : touched) rematch_photo(matches, photo, account, guests);
    }

    void release(db::Connection& connection, EventId event, AccountId account) const override {
        store::MatchRepository matches(connection);
        if (!matches.hold_event(event)) return;
        auto guests = guests_of(connection, event);
        std::erase_if(guests, [&](const Guest& guest) { return guest.account == account; });
        for (const PhotoId photo : matches.photos_of(event, account))
            rematch_photo(matches, photo, kNobody, guests);
    }

    [[nodiscard]] std::size_t match_new(db::Connection& connection, EventId event) const override {
        constexpr std::int64_t kBatch = 200;
        db::Transaction transaction(connection, db::Access::write);
        store::MatchRepository matches(connection);
        if (!matches.hold_event(event)) return 0;
        const auto photos = matches.unmatched(event, calibration_.model, kBatch);
        if (photos.empty()) return 0;
        const auto guests = guests_of(connection, event);
        for (const PhotoId photo : photos) {
            rematch_photo(matches, photo, kNobody, guests);
            matches.mark_matched(photo, calibration_.model, connection.now());
        }
        transaction.commit();
        return photos.size();
    }

  private:
    /// Ids begin at 1.
    static constexpr AccountId kNobody{0};

    /// Photos that were indexed and matched while the caller waited for its transaction were not looked at
    /// yet.
    void add_recent(db::Connection& connection, EventId event, AccountId account,
                    const std::vector<Guest>& guests, std::set<PhotoId>& touched) const {
        // Longer than any statement may wait for a lock.
        constexpr std::chrono::minutes kRecent{3};
        const auto guest = std::find_if(guests.begin(), guests.end(),
                                        [&](const Guest& candidate) { return candidate.account == account; });
        if (guest == guests.end()) return;
        store::MatchRepository(connection)
            .for_each_face_matched_since(event, calibration_.model, connection.now() - kRecent,
                                         [&](PhotoId photo, const Template& face) {
                                             if (guest->probe.distance_to(face) <= most_)
                                                 touched.insert(photo);
                                         });
    }

    [[nodiscard]] std::vector<Guest> guests_of(db::Connection& connection, EventId event) const {
        std::vector<Guest> guests;
        for (auto& guest : store::SelfieRepository(connection).guests(event, calibration_.model))
            guests.push_back({guest.account, search::Probe(std::move(guest.references))});
        return guests;
    }

    void rematch_photo(store::MatchRepository& matches, PhotoId photo, AccountId account,
                       const std::vector<Guest>& guests) const {
        const auto now_on_it = people_on(matches.faces(photo, calibration_.model), guests);
        const auto before = matches.scores(photo);
        for (const auto& [person, score] : now_on_it) {
            const auto former = before.find(person);
            if (former == before.end() || former->second != score)
                matches.put(photo, person, score, clock_.now());
        }
        // Matches of people whose references are kept elsewhere (the service's own) are not ours to judge.
        std::set<AccountId> judged{account};
        for (const auto& guest : guests) judged.insert(guest.account);
        for (const auto& [person, score] : before) {
            if (judged.contains(person) && !now_on_it.contains(person)) matches.remove(photo, person);
        }
    }

    /// Scores of the guests who are on a photo with these faces.
    [[nodiscard]] std::map<AccountId, std::int64_t> people_on(const std::vector<store::FaceOfPhoto>& faces,
                                                              const std::vector<Guest>& guests) const {
        std::vector<Pair> pairs;
        for (const auto& face : faces) {
            for (const auto& guest : guests) {
                const double distance = guest.probe.distance_to(face.face_template);
                // Said this way round so that a distance that is no number never matches.
                if (distance <= most_) pairs.push_back({distance, face.face, guest.account});
            }
        }
        std::sort(pairs.begin(), pairs.end(), nearer);
        std::set<FaceId> taken;
        std::map<AccountId, std::int64_t> people;
        for (const auto& pair : pairs) {
            if (taken.contains(pair.face) || people.contains(pair.account)) continue;
            taken.insert(pair.face);
            people[pair.account] = std::lround(score_of(pair.distance, calibration_));
        }
        return people;
    }

    Calibration calibration_;
    double most_;
    const Clock& clock_;
};

}  // namespace

std::shared_ptr<const access::EventMatcher> make_event_matcher(const Calibration& calibration,
                                                               double min_score, const Clock& clock) {
    return std::make_shared<ExactEventMatcher>(calibration, min_score, clock);
}

}  // namespace findme::match
