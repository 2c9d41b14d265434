#include "search/probe.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "findme/error.hpp"

namespace findme::search {

double distance(std::span<const float> a, std::span<const float> b) {
    if (a.size() != b.size()) {
        throw Error(ErrorCode::store_corrupt, "a template has " + std::to_string(b.size()) +
                                                  " numbers, and one of the same model has " +
                                                  std::to_string(a.size()) + ": run `findme doctor`");
    }
    // Several sums at once, for the processor's vectors.
    constexpr std::size_t kLanes = 16;
    std::array<float, kLanes> sums{};
    std::size_t i = 0;
    for (; i + kLanes <= a.size(); i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const float apart = a[i + lane] - b[i + lane];
            sums[lane] += apart * apart;
        }
    }
    for (; i < a.size(); ++i) sums[0] += (a[i] - b[i]) * (a[i] - b[i]);
    const float sum = std::accumulate(sums.begin(), sums.end(), 0.0F);
    // What nothing is known of is near nobody, others of that kind included.
    if (sum == 0 && std::all_of(a.begin(), a.end(), [](float value) { return value == 0; }))
        return std::numeric_limits<double>::quiet_NaN();
    return std::sqrt(static_cast<double>(sum));
}

Probe::Probe(std::vector<Template> references) : references_(std::move(references)) {
    mean_.assign(references_.front().size(), 0.0F);
    for (const auto& reference : references_) {
        for (std::size_t i = 0; i < mean_.size() && i < reference.size(); ++i)
            mean_[i] += reference[i] / static_cast<float>(references_.size());
    }
}

double Probe::distance_to(std::span<const float> face) const {
    double nearest = std::numeric_limits<double>::max();
    for (const auto& reference : references_) nearest = std::min(nearest, distance(reference, face));
    return (nearest + distance(mean_, face)) / 2;
}

}  // namespace findme::search
